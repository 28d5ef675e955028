#!/usr/bin/env python
"""Django's own entry point; `vestige` is the one for people."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent / "requests"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        # A server that answers gives each of its errors a code.
        if getattr(error.__cause__, "sqlstate", None):
            raise
        sys.stderr.write(
            "The database does not answer. `vestige up` starts it; "
            "for a server of your own, see to it and to DATABASE_URL.\n"
        )
        sys.exit(4)

"""A PostgreSQL of a bench's own with the tables of Vestige, reached by Vestige's own code."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.core.management import call_command

from config.embedded.postgres import EmbeddedPostgres

_FOREIGN = ("DATABASE_URL", "BROKER_URL", "MLFLOW_TRACKING_URI")


@contextmanager
def own_database() -> Iterator[None]:
    """Let Django work on a new database that is durable as in production, gone at the end.

    Django reads its settings once in a process: call it once, before anything else does.
    """
    with TemporaryDirectory(prefix="vestige-bench-") as folder:
        home = Path(folder).resolve()
        for name in _FOREIGN:
            os.environ.pop(name, None)
        os.environ |= {"VESTIGE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
        server = EmbeddedPostgres(home)
        server.start()
        try:
            server.create_database("vestige")
            django.setup()
            call_command("migrate", verbosity=0)
            yield
            _close()
        finally:
            server.stop()
            server.remove()


def _close() -> None:
    from django.db import connection  # noqa: PLC0415 - only after Django has read its settings

    connection.close()

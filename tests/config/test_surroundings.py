"""What the processes of Vestige load, and from where."""

import os
import subprocess
import sys
from pathlib import Path

import requests

from config.embedded.paths import BASE_DIR

WEB_PROCESS = """
import sys
from django.urls import get_resolver
import config.wsgi
get_resolver().url_patterns
print([name for name in ("torch", "mlflow", "sklearn", "pandas", "pyarrow") if name in sys.modules])
"""


def test_requests_is_the_library_and_not_our_folder() -> None:
    assert "site-packages" in Path(requests.__file__).parts


def test_the_web_process_loads_no_training_library() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WEB_PROCESS],
        capture_output=True,
        text=True,
        check=True,
        cwd=BASE_DIR,
        env=dict(os.environ),
    )
    assert answer.stdout.strip() == "[]"

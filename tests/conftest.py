"""What every test stands on: a state folder, a PostgreSQL and a Valkey of this run's own.

The environment is set while this file loads, before Django reads its settings. `DATABASE_URL` or
`BROKER_URL` in the environment take the place of the embedded servers.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as properties
from pytest_django import DjangoDbBlocker

from config.embedded.postgres import EmbeddedPostgres
from config.embedded.valkey import EmbeddedValkey

#: With pytest-xdist this file is loaded by the controller first, whose environment the workers
#: inherit: one state folder and one pair of servers for the whole run.
IS_CONTROLLER = "PYTEST_XDIST_WORKER" not in os.environ
if IS_CONTROLLER:
    os.environ["VESTIGE_HOME"] = tempfile.mkdtemp(prefix="vestige-test-")
    atexit.register(shutil.rmtree, os.environ["VESTIGE_HOME"], ignore_errors=True)
    if settings.configured:
        pytest.exit(
            "Unset DJANGO_SETTINGS_MODULE: Django must read its settings after this file.", 4
        )
os.environ["VESTIGE_INSECURE_HTTP"] = "1"
os.environ["VESTIGE_LOG_LEVEL"] = "WARNING"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

STATE = Path(os.environ["VESTIGE_HOME"])

# No test is timed: a busy machine, or a loop that is compiled on its first call, is no failure.
properties.register_profile("untimed", deadline=None)
properties.load_profile("untimed")

django.setup()  # before the conftests of the folders, which may import models


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the embedded servers once for the run."""
    if not IS_CONTROLLER or session.config.option.collectonly:
        return
    if not os.environ.get("DATABASE_URL"):
        postgres = EmbeddedPostgres(STATE, durable=False)
        session.config.add_cleanup(postgres.remove)
        session.config.add_cleanup(postgres.stop)
        postgres.start()
        postgres.create_database("vestige")
    if not os.environ.get("BROKER_URL"):
        valkey = EmbeddedValkey(STATE)
        session.config.add_cleanup(valkey.stop)
        valkey.start()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,  # noqa: ARG001 - the fixture that this one extends
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Let transactional tests empty protected tables between them; the rows stay protected."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_ledgerentry DISABLE TRIGGER ledger_table_stands")
        cursor.execute("ALTER TABLE reports_report DISABLE TRIGGER report_table_stands")
        cursor.execute("ALTER TABLE lineage_subjectchoice DISABLE TRIGGER choice_table_stands")


@pytest.fixture(scope="session")
def state_folder() -> Path:
    return STATE


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder of test vectors and expectations that no author of this code wrote."""
    folder = os.environ.get("VESTIGE_JUDGES", "")
    if not folder:
        pytest.skip("VESTIGE_JUDGES is not set: it must name the folder of the judges' files")
    return Path(folder)


@pytest.fixture
def judged(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Note how many of a judge's vectors were run; the end of the run prints them."""

    def note(judge: str, *, run: int, skipped: int = 0, why: str = "") -> None:
        reason = f" ({why})" if skipped else ""
        record_property("judge", f"judge {judge}: {run} vectors run, {skipped} skipped{reason}")

    return note


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the judges' vectors came to, so that a silent skip cannot pass for a success."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    lines = sorted({str(text) for name, text in properties if name == "judge"})
    terminalreporter.write_sep("-", "judges")
    for line in lines or ["no judge's vectors were run"]:
        terminalreporter.write_line(line)

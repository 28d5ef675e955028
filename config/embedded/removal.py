"""Removes an installation for good: its rows, keys, models and exports."""

import shutil
from pathlib import Path

from config.embedded.checks import hold_state
from config.embedded.paths import postgres_home, run_dir, state_dir


def kept_folders() -> list[Path]:
    """The folders that this installation keeps; as root PostgreSQL's lies outside the state."""
    state = state_dir()
    return [
        folder
        for folder in dict.fromkeys([state, postgres_home(state), run_dir(state)])
        if folder.exists()
    ]


def remove_installation() -> None:
    """Remove every kept folder.

    Raises:
        ServiceError: Vestige runs from them.
    """
    folders = kept_folders()
    if state_dir().exists():
        hold_state(state_dir()).close()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)

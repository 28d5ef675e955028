"""Small data of the example company."""

from pathlib import Path

import pytest

from examples.company import prepare_data, prepare_digits

ROWS, PEOPLE = 400, 12


@pytest.fixture(scope="session")
def company_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every dataset that is prepared; tests read it and never write to it."""
    data = tmp_path_factory.mktemp("company") / "data"
    prepare_data.prepare(data, rows=ROWS)
    prepare_digits.prepare(data, people=PEOPLE)
    return data

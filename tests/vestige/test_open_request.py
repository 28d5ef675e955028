"""A request that the demo began is written down before it is posted, and read at the next start."""

from pathlib import Path

import pytest

from vestige.demo.company import Customer
from vestige.demo.journey import has_reached
from vestige.demo.open_request import OpenRequest, OpenRequestFile

ADA = OpenRequest(
    key="11111111-0000-4000-8000-000000000001",
    customer=Customer(number="C-000001", email="ada.000001@example.org"),
)


def test_nothing_is_open_before_a_request_was_kept(tmp_path: Path) -> None:
    assert OpenRequestFile(tmp_path / "open-request.json").read() is None


def test_the_next_start_finds_key_and_customer(tmp_path: Path) -> None:
    file = tmp_path / "open-request.json"
    OpenRequestFile(file).keep(ADA)
    assert OpenRequestFile(file).read() == ADA
    assert list(tmp_path.iterdir()) == [file]


def test_a_kill_while_it_is_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "open-request.json"
    OpenRequestFile(file).keep(ADA)
    (tmp_path / "open-request.new").write_text('{"key": "half')
    assert OpenRequestFile(file).read() == ADA


def test_what_was_shown_to_its_end_is_open_no_more(tmp_path: Path) -> None:
    open_request = OpenRequestFile(tmp_path / "open-request.json")
    open_request.keep(ADA)
    open_request.forget()
    assert open_request.read() is None
    open_request.forget()


@pytest.mark.parametrize(
    ("state", "reached"),
    [
        ("planned", True),
        ("executing", True),
        ("closed", True),
        ("traced", False),
        ("denied", False),
    ],
)
def test_a_request_that_is_further_on_its_way_has_reached_the_plan(
    state: str, reached: bool
) -> None:
    assert has_reached(state, "planned") is reached

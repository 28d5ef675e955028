"""A child's reports are told from whatever else it prints."""

import pytest

from unlearning.progress import Progress, print_progress, read_progress


def test_what_is_printed_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    print_progress(0.25, "shard 1 of 4")

    line = capsys.readouterr().out.encode()
    assert read_progress(line) == Progress(fraction=0.25, message="shard 1 of 4")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"epoch 1/3",
        b"7",
        b"null",
        b"[1]",
        b'"progress"',
        b"{}",
        b'{"progress": "half"}',
        b'{"progress": NaN}',
        b'{"progress": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_chatter_is_no_report(line: bytes) -> None:
    assert read_progress(line) is None

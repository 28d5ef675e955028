"""The partner deletes what a notice names from its own copy, and nothing else."""

import shutil
from pathlib import Path

import pytest

from examples.company import partner
from unlearning.data import RecordView


def test_the_partner_deletes_the_rows_of_a_notice(
    company_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "lakeside-insights"
    shutil.copytree(company_data / "adult-v2", copy)
    before = RecordView.open(copy)
    gone = before.ids[3]

    for _ in range(2):
        partner.main(["--copy", str(copy), gone, "C-999999", "D-000001"])

    assert capsys.readouterr().out.split() == ["1", "0"], "told twice, it deletes once"
    after = RecordView.open(copy)
    assert set(before.ids) - set(after.ids) == {gone}
    assert gone not in "".join(path.read_text() for path in copy.glob("*"))
    assert after.records == tuple(record for record in before.records if record.id != gone)

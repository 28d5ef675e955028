"""A copy of a dataset that still holds the records weakens the step that redacted the dataset."""

from pathlib import Path

import pytest

from reports.claims import Action, EvidenceItem, derive_claim
from reports.verbs import Verb
from tests.unlearning.jobs import quiet
from tests.unlearning.tiny import write_dataset
from unlearning.jobfiles import JobInputError
from unlearning.jobs.findings import StepFinding, merged
from unlearning.verification.gate import CheckedStep, Verdict, open_checks
from unlearning.verification.plan_check import Orders, Place, Treated, verify


def found(tmp_path: Path, copy: Path) -> StepFinding:
    """What verification says of a redacted dataset with one copy."""
    data = write_dataset(tmp_path / "data", without=["R-003"])
    step = Treated.parse(
        {
            "step_id": 3,
            "method": "source_row_deletion",
            "artifact": {"model_dir": str(data)},
            "after": {"model_dir": str(data)},
        }
    )
    evidence = verify(
        [step],
        datasets=[Place(step_id=3, path=place) for place in (data, copy)],
        orders=Orders(record_ids=frozenset({"R-003"}), replicas=0, out=tmp_path / "out"),
        report=quiet,
    )
    assert [item["step_id"] for item in evidence] == [3, 3]
    [finding] = merged(
        StepFinding(
            step_id=3,
            kind=str(item["kind"]),
            outcome=str(item["outcome"]),
            summary=str(item["summary"]),
            payload={},
        )
        for item in evidence
    )
    return finding


@pytest.mark.parametrize(
    ("without", "outcome", "verb"),
    [((), "failed", Verb.NOT_ESTABLISHED), (("R-003",), "passed", Verb.DELETED)],
)
def test_a_copy_that_still_holds_the_records_takes_the_claim_away_and_holds_back(
    tmp_path: Path, without: tuple[str, ...], outcome: str, verb: Verb
) -> None:
    copy = write_dataset(tmp_path / "copy", without=without)
    (copy / "record-index.json").unlink()

    finding = found(tmp_path, copy)

    assert finding.outcome == outcome
    item = EvidenceItem(kind=finding.kind, outcome=outcome, summary=finding.summary, digest="")
    recorded = EvidenceItem(kind="run_recorded", outcome="passed", summary="It ran.", digest="")
    claim = derive_claim(
        Action(
            artifact_kind="dataset_version",
            artifact_name="people",
            method="source_row_deletion",
            run_recorded=True,
            evidence=(recorded, item),
        )
    )
    assert claim.verb == verb
    step = CheckedStep(
        artifact="people",
        method="source_row_deletion",
        inherits=False,
        verdicts={finding.kind: Verdict(outcome=outcome, summary=finding.summary)},
    )
    assert bool(open_checks([step], {})) is (outcome == "failed")


def test_a_place_without_its_step_is_refused() -> None:
    with pytest.raises(JobInputError, match="step_id"):
        Place.parse({"uri": "file:///data"})

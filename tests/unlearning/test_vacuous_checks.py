"""A check that had nothing to look at establishes nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unlearning.jobs import rows_absent
from tests.unlearning.tiny import write_dataset
from unlearning.digests import json_digest
from unlearning.jobfiles import JobInputError
from unlearning.vectors import VectorIndex
from unlearning.verification.manifests import check_manifests
from unlearning.verification.membership import Attack, membership_finding
from unlearning.verification.plan_check import Treated
from unlearning.verification.replay import Reference, replay_finding
from unlearning.verification.vectors import check_vectors_absent


def test_a_manifest_that_lists_nobody_excludes_nobody(tmp_path: Path) -> None:
    empty = tmp_path / "manifest.json"
    empty.write_text(json.dumps({"record_digests": [], "records_digest": json_digest([])}))

    for files in ([], [empty]):
        assert check_manifests(files, record_ids=["R-1"]).outcome == "inconclusive"


def test_files_without_rows_do_not_show_that_rows_are_absent(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 1)
    for segment in data.glob("segment-*.csv"):
        segment.write_text(segment.read_text().splitlines()[0] + "\n")

    assert rows_absent(data, "R-1").outcome == "inconclusive"


def test_an_index_that_never_held_the_vectors_shows_nothing(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    VectorIndex.build([f"R-{n}" for n in range(9)], vectors).save(tmp_path / "index")

    finding = check_vectors_absent(
        before_dir=tmp_path / "index", after_dir=tmp_path / "index", record_ids={"R-77"}
    )

    assert finding.outcome == "inconclusive"


@pytest.mark.parametrize("missing", ["artifact", "after"])
def test_an_artifact_is_not_compared_with_itself(missing: str) -> None:
    step = {
        "step_id": 1,
        "method": "vector_removal",
        "artifact": {"model_dir": "/before"},
        "after": {"model_dir": "/after"},
    }
    step[missing] = {"model_dir": None}

    with pytest.raises(JobInputError, match="model_dir"):
        Treated.parse(step)


def test_a_replay_speaks_for_the_digest_that_the_step_reported_only() -> None:
    reference = Reference(model_dir=Path("/r"), digest="sha256:a", seconds=1.0)

    def outcome(digest: str, claimed: str) -> str:
        return replay_finding(digest=digest, claimed=claimed, reference=reference).outcome

    assert outcome("sha256:a", "sha256:a") == "passed"
    assert outcome("sha256:a", "sha256:b") == "failed"
    assert outcome("sha256:b", "sha256:b") == "failed"


GENERATOR = np.random.default_rng(3)
HELD_OUT = GENERATOR.exponential(1.0, size=500)


def attack(mean: float, count: int) -> Attack:
    return Attack(forgotten=GENERATOR.exponential(mean, size=count), held_out=HELD_OUT)


def test_an_interval_too_wide_to_tell_is_no_equality() -> None:
    finding = membership_finding(before=attack(1, 40), after=attack(1, 40), reference=attack(1, 40))

    assert finding.outcome == "inconclusive"
    assert "too wide" in finding.summary


def test_a_record_that_is_known_unusually_badly_stands_out_too() -> None:
    finding = membership_finding(before=attack(1, 60), after=attack(9, 60), reference=attack(1, 60))

    assert finding.outcome == "failed"
    assert "known worse" in finding.summary


def test_few_records_are_not_given_away_by_their_mean_loss() -> None:
    few = membership_finding(before=attack(1, 1), after=attack(1, 1), reference=attack(1, 1))
    many = membership_finding(before=attack(1, 30), after=attack(1, 30), reference=attack(1, 30))

    assert "mean_loss_forgotten" not in few.payload
    assert "mean_loss_forgotten" in many.payload

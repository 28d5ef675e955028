"""The runner leaves a whole result or a sentence, and never a claim after a failure."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.unlearning.jobs import as_json, quiet
from tests.unlearning.tiny import merge, quantisation, training, write_dataset
from unlearning.jobfiles import Training
from unlearning.runner import main
from unlearning.training import Trained, run_lineage, run_training

ROOT = Path(__file__).resolve().parents[2]


class Desk:
    """A trained tiny model and the jobs that are asked about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = write_dataset(folder / "data")
        self.held_out = write_dataset(folder / "held-out", 90, without=self._own_ids())
        self.training: Training = training(self.data, held_out=self.held_out)
        self.model: Trained = run_training(self.training, out=folder / "model", report=quiet)

    @staticmethod
    def _own_ids() -> list[str]:
        return [f"R-{number:03d}" for number in range(60)]

    def write(self, name: str, **changes: object) -> Path:
        job: dict[str, object] = {
            "purpose": "step",
            "method": "retrain_from_clean_ancestor",
            "record_ids": ["R-007"],
            "artifact": {
                "id": 1,
                "name": "tiny",
                "kind": "model",
                "digest": self.model.digest,
                "model_dir": str(self.model.model_dir),
            },
            "training": as_json(self.training),
            "seed": 1,
            "out": str(self.folder / name / "out"),
        }
        directory = self.folder / name
        directory.mkdir()
        (directory / "input.json").write_text(json.dumps(job | changes))
        return directory


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def result(directory: Path) -> dict[str, object]:
    answer = json.loads((directory / "result.json").read_text())
    assert isinstance(answer, dict)
    return answer


def test_a_process_of_its_own_reports_progress_and_leaves_a_result(desk: Desk) -> None:
    directory = desk.write("job")

    done = subprocess.run(
        [sys.executable, "-m", "unlearning.runner", str(directory)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
    )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["progress"] == 1.0
    answer = result(directory)
    assert answer["digest"] != desk.model.digest
    assert [path.name for path in directory.glob("result.json*")] == ["result.json"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"record_ids": []}, "forget set is empty"),
        ({"record_ids": ["nobody"]}, "none of the records"),
        ({"record_ids": "R-007"}, "must be a list"),
        ({"record_ids": [f"R-{number:03d}" for number in range(60)]}, "whole dataset"),
        ({"method": "wish"}, "no method wish"),
        ({"training": None}, "needs the recorded training"),
        ({"purpose": "party"}, "purpose must be"),
        ({"out": "relative"}, "absolute"),
        ({"method": "vector_removal", "artifact": {"model_dir": "/nowhere"}}, "needs the artifact"),
    ],
)
def test_bad_input_gives_a_sentence_and_no_claim(
    desk: Desk, changes: dict[str, object], sentence: str
) -> None:
    directory = desk.write("job", **changes)

    assert main([str(directory)]) == 1
    answer = result(directory)
    assert answer.keys() == {"error"}
    assert sentence in str(answer["error"])


def test_a_missing_directory_is_a_usage_error(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2


def test_a_missing_dataset_gives_a_sentence(desk: Desk) -> None:
    lost = as_json(training(desk.folder / "gone"))
    directory = desk.write("job", training=lost)

    assert main([str(directory)]) == 1
    assert "does not describe a dataset" in str(result(directory)["error"])


def test_a_whole_plan_is_verified_and_can_be_verified_again(desk: Desk) -> None:
    retrained = desk.write("retrain")
    repaired = desk.write("repair", method="negative_gradient_repair")
    deletion = desk.write(
        "delete", method="source_row_deletion", artifact={"model_dir": str(desk.data)}
    )
    for directory in (retrained, repaired, deletion):
        assert main([str(directory)]) == 0
    for new in Path(str(result(deletion)["model_dir"])).iterdir():
        new.replace(desk.data / new.name)
    described: dict[str, object] = {
        "purpose": "verification",
        "steps": [
            treated(1, "retrain_from_clean_ancestor", desk, retrained),
            treated(2, "negative_gradient_repair", desk, repaired),
            {
                "step_id": 3,
                "method": "source_row_deletion",
                "artifact": {"model_dir": str(desk.data)},
                "after": {"model_dir": str(desk.data), "digest": None, "manifest": {}},
                "training": None,
            },
            {"step_id": 4, "method": "output_suppression"},
        ],
        "datasets": [{"step_id": 3, "uri": desk.data.as_uri()}],
    }

    first, second = (verify(desk.write(name, **described)) for name in ("first", "second"))

    attacked = {key: item["summary"] for key, item in first.items() if "membership" in key[1]}
    assert attacked == {key: second[key]["summary"] for key in attacked}
    outcomes = {key: item["outcome"] for key, item in first.items()}
    time = first[2, "time_ratio"]["payload"]
    assert outcomes == {
        (1, "utility_floor"): expected_of(first[1, "utility_floor"]["payload"]),
        (2, "utility_floor"): expected_of(first[2, "utility_floor"]["payload"]),
        (2, "time_ratio"): "passed" if time["ratio"] <= time["allowed"] else "failed",
        (1, "manifest_excludes"): "passed",
        (1, "replay_equal"): "passed",
        (1, "membership_inference"): "inconclusive",
        (2, "membership_inference"): "inconclusive",
        (2, "replica_membership"): "inconclusive",
        (3, "source_rows_absent"): "passed",
    }


def test_models_made_of_others_are_verified_with_what_they_were_made_of(desk: Desk) -> None:
    other = replace(desk.training, seed=6)
    made = {1: quantisation(desk.training), 2: merge(most=desk.training, least=other)}
    steps = []
    for number, how in made.items():
        before, _ = run_lineage(how, out=desk.folder / f"before-{number}", report=quiet)
        job = desk.write(f"job-{number}", training=as_json(how))
        assert main([str(job)]) == 0
        steps.append(
            treated(number, "retrain_from_clean_ancestor", desk, job)
            | {"artifact": {"model_dir": str(before.model_dir)}, "training": as_json(how)}
        )
    for segment in desk.data.glob("segment-*.csv"):
        rows = segment.read_text().splitlines(keepends=True)
        segment.write_text("".join(row for row in rows if not row.startswith("R-007")))

    def found() -> dict[tuple[object, str], dict[str, Any]]:
        name = f"verification-{len(list(desk.folder.iterdir()))}"
        return verify(desk.write(name, purpose="verification", steps=steps, datasets=[]))

    outcomes = {key: item["outcome"] for key, item in found().items()}
    for number in made:
        for kind in ("manifest_excludes", "replay_equal", "ancestor_clean"):
            assert outcomes[number, kind] == "passed"
        assert outcomes[number, "utility_floor"] in {"passed", "failed"}
    for step in steps:
        step["after"]["manifest"]["base_digest"] = "sha256:other"
    assert [found()[number, "ancestor_clean"]["outcome"] for number in made] == ["failed"] * 2


def verify(directory: Path) -> dict[tuple[object, str], dict[str, Any]]:
    """Every finding of a verification, by step and kind."""
    assert main([str(directory)]) == 0
    evidence = result(directory)["evidence"]
    assert isinstance(evidence, list)
    return {(item["step_id"], item["kind"]): item for item in evidence}


def expected_of(utility: Mapping[str, Any]) -> str:
    """What the numbers of a utility check say by its rule."""
    rows = (utility["retained"], utility["held_out"])
    floors = (max(r["before"]["accuracy"], r["reference"]["accuracy"]) for r in rows)
    falls = (floor - r["after"]["accuracy"] for r, floor in zip(rows, floors, strict=True))
    return "passed" if max(falls) <= utility["allowed_fall"] else "failed"


def test_a_classifier_that_lost_what_it_knew_fails_its_check(desk: Desk) -> None:
    retrained = desk.write("retrain")
    assert main([str(retrained)]) == 0
    step = treated(1, "retrain_from_clean_ancestor", desk, retrained)
    weights = Path(str(result(retrained)["model_dir"])) / "model.safetensors"
    # The opposite of every answer: right on four of ten rows where it was right on six.
    save_file({name: -value for name, value in load_file(weights).items()}, weights)
    directory = desk.write("verification", purpose="verification", steps=[step], datasets=[])

    utility = verify(directory)[1, "utility_floor"]

    assert utility["outcome"] == "failed"
    assert utility["payload"]["retained"]["after"]["accuracy"] < 0.5


def treated(step_id: int, method: str, desk: Desk, job: Path) -> dict[str, Any]:
    answer = result(job)
    return {
        "step_id": step_id,
        "method": method,
        "artifact": {"model_dir": str(desk.model.model_dir)},
        "after": {key: answer[key] for key in ("model_dir", "digest", "manifest")},
        "training": as_json(desk.training),
    }

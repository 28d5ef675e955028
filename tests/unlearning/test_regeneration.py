"""Synthetic rows are sampled anew, and what was trained on them inherits nothing."""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unlearning.jobs import as_json, quiet, step
from tests.unlearning.synthetic import clusters, counting, sampler, sampling
from tests.unlearning.tiny import training, write_dataset
from unlearning.digests import file_digest, json_digest
from unlearning.jobfiles import Generator, JobInputError, Sampling, StepInput, StepOutput, Training
from unlearning.methods.retrain_from_clean_ancestor import apply as retrain
from unlearning.methods.synthetic_regeneration import apply as regenerate
from unlearning.recipes import RecipeError, load_recipe, load_synthesis, task_of
from unlearning.training import Trained, run_training
from unlearning.verification.plan_check import Orders, Treated, verify

GONE = "R-007"


def sampling_json(sampled: Sampling) -> dict[str, object]:
    return {
        "recipe": sampled.recipe,
        "params": dict(sampled.params),
        "seed": sampled.seed,
        "training": as_json(sampled.training),
    }


class Workshop:
    """A generator with and without the record, and a dataset that was sampled from the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = write_dataset(folder / "data")
        self.sampling = sampling(self.data)
        self.old = self._generator("old")
        self.new = self._generator("new", exclude={GONE})
        self.synthetic = folder / "synthetic"
        self.synthetic.mkdir()
        sampler.sample(
            self.old.model_dir,
            params=self.sampling.params,
            seed=self.sampling.seed,
            out=self.synthetic,
            report=quiet,
        )
        self.classifier = replace(
            training(self.synthetic), samplings={str(self.synthetic): self.sampling}
        )

    def _generator(self, name: str, exclude: set[str] | frozenset[str] = frozenset()) -> Trained:
        return run_training(
            counting(self.data), out=self.folder / name, report=quiet, exclude=exclude
        )

    def job(self, generator: Trained, *, digest: str = "") -> StepInput:
        plain = step("synthetic_regeneration", [GONE], None, self.synthetic, self.folder)
        source = Generator(digest=digest or generator.digest, model_dir=generator.model_dir)
        return replace(plain, sampling=self.sampling, generator=source)

    def regenerate(self) -> StepOutput:
        """Sample anew, swap the files in and delete the record's row."""
        output = regenerate(self.job(self.new), quiet)
        assert output.model_dir is not None
        for file in output.model_dir.iterdir():
            file.replace(self.synthetic / file.name)
        for segment in self.data.glob("segment-*.csv"):
            with segment.open(newline="") as lines:
                rows = [row for row in csv.reader(lines) if row[0] != GONE]
            with segment.open("w", newline="") as target:
                csv.writer(target).writerows(rows)
        return output

    def retrain(self) -> StepOutput:
        """Train the classifier anew on the files as they lie now."""
        before = run_training(self.classifier, out=self.folder / "classifier", report=quiet)
        job = step(
            "retrain_from_clean_ancestor", [GONE], self.classifier, before.model_dir, self.folder
        )
        return retrain(job, quiet)

    def verify(self, output: StepOutput, method: str, **described: object) -> dict[str, object]:
        document = {
            "step_id": 1,
            "method": method,
            "artifact": {"model_dir": str(described.pop("before"))},
            "after": {
                "model_dir": str(described.pop("after")),
                "digest": output.digest,
                "manifest": output.manifest,
            },
            "training": None,
            **described,
        }
        evidence = verify(
            [Treated.parse(document)],
            datasets=[],
            orders=Orders(record_ids=frozenset({GONE}), replicas=0, out=self.folder / "check"),
            report=quiet,
        )
        return {str(item["kind"]): item for item in evidence}

    def verify_dataset(self, output: StepOutput) -> dict[str, object]:
        return self.verify(
            output,
            "synthetic_regeneration",
            before=self.synthetic,
            after=self.synthetic,
            synthesis=sampling_json(self.sampling),
        )

    def verify_classifier(self, output: StepOutput) -> dict[str, object]:
        described = as_json(self.classifier)
        described["datasets"] = [
            {"uri": str(self.synthetic), "kind": "synthetic_dataset", "artifact_id": 1}
            | {"synthesis": sampling_json(self.sampling)}
        ]
        return self.verify(
            output,
            "retrain_from_clean_ancestor",
            before=self.folder / "classifier",
            after=output.model_dir,
            training=described,
        )


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def outcome(found: Mapping[str, object], kind: str) -> object:
    item = found[kind]
    assert isinstance(item, dict)
    return item["outcome"]


def test_the_rows_come_from_the_treated_generator_and_a_fresh_process_agrees(
    workshop: Workshop,
) -> None:
    output = workshop.regenerate()

    found = workshop.verify_dataset(output)

    assert outcome(found, "synthetic_regenerated") == "passed", found
    assert outcome(found, "ancestor_clean") == "passed", found
    assert output.manifest == {"rows": 40, "generator_digest": workshop.new.digest}


def test_files_that_were_changed_afterwards_are_not_the_regenerated_ones(
    workshop: Workshop,
) -> None:
    output = workshop.regenerate()
    with (workshop.synthetic / "segment-0000.csv").open("a") as file:
        file.write("S-900,1,2,0\n")

    found = workshop.verify_dataset(output)

    assert outcome(found, "synthetic_regenerated") == "failed"


def test_a_generator_that_is_not_the_reference_is_no_clean_ancestor(workshop: Workshop) -> None:
    output = workshop.regenerate()
    forged = replace(output, manifest={**output.manifest, "generator_digest": workshop.old.digest})

    found = workshop.verify_dataset(forged)

    assert outcome(found, "ancestor_clean") == "failed"


def test_a_dataset_whose_generator_cannot_be_made_again_is_not_established(
    workshop: Workshop,
) -> None:
    output = workshop.regenerate()
    (workshop.data / "record-index.json").unlink()

    found = workshop.verify_dataset(output)

    assert outcome(found, "synthetic_regenerated") == "inconclusive"
    assert outcome(found, "ancestor_clean") == "inconclusive"


def test_the_result_names_the_files_that_it_may_replace(workshop: Workshop) -> None:
    before = file_digest(workshop.synthetic / "segment-0000.csv")

    output = regenerate(workshop.job(workshop.new), quiet)

    assert output.details["replaced"] == {"segment-0000.csv": before}


def test_the_untreated_generator_is_refused(workshop: Workshop) -> None:
    with pytest.raises(JobInputError, match="trained with a forgotten record"):
        regenerate(workshop.job(workshop.old), quiet)


def test_a_generator_with_other_weights_than_recorded_is_refused(workshop: Workshop) -> None:
    with pytest.raises(JobInputError, match="not those that its step reported"):
        regenerate(workshop.job(workshop.new, digest="sha256:0"), quiet)


def test_a_generator_that_hides_what_it_was_trained_on_is_refused(workshop: Workshop) -> None:
    (workshop.new.model_dir / "manifest.json").unlink()

    with pytest.raises(JobInputError, match="does not say"):
        regenerate(workshop.job(workshop.new), quiet)


def test_a_model_that_only_inherits_is_retrained_on_the_regenerated_rows(
    workshop: Workshop,
) -> None:
    workshop.regenerate()

    output = workshop.retrain()
    found = workshop.verify_classifier(output)

    assert "forget_set" not in output.manifest
    assert output.evidence[0].outcome == "passed"
    assert "None of the records" in output.evidence[0].summary
    assert outcome(found, "manifest_excludes") == "passed"
    assert outcome(found, "replay_equal") == "passed", found
    assert outcome(found, "ancestor_clean") == "passed", found
    attack = found["membership_inference"]
    assert isinstance(attack, dict)
    assert attack["outcome"] == "inconclusive"
    assert "no record lies in its own training data" in attack["summary"]


def test_a_model_trained_on_rows_of_the_old_generator_has_no_clean_ancestor(
    workshop: Workshop,
) -> None:
    old_rows = (workshop.synthetic / "segment-0000.csv").read_bytes()
    workshop.regenerate()
    (workshop.synthetic / "segment-0000.csv").write_bytes(old_rows)

    found = workshop.verify_classifier(workshop.retrain())

    assert outcome(found, "replay_equal") == "passed"
    assert outcome(found, "ancestor_clean") == "failed"


def test_a_model_without_forgotten_rows_that_inherits_nothing_is_refused(
    workshop: Workshop,
) -> None:
    plain: Training = training(workshop.synthetic)

    with pytest.raises(JobInputError, match="none of the records"):
        retrain(step("retrain_from_clean_ancestor", [GONE], plain, None, workshop.folder), quiet)


def test_samplings_are_read_from_json_and_leave_the_key_alone(workshop: Workshop) -> None:
    described = as_json(workshop.classifier)
    described["datasets"] = [
        {"uri": str(workshop.synthetic), "synthesis": sampling_json(workshop.sampling)}
    ]

    parsed = Training.parse(json.loads(json.dumps(described)))

    assert parsed == workshop.classifier
    assert parsed.key == training(workshop.synthetic).key
    assert json_digest(sampling_json(workshop.sampling))
    with pytest.raises(JobInputError, match="synthesis is not usable"):
        Sampling.parse({"recipe": "x:y", "params": {}})


def test_what_is_no_recipe_or_synthesis_is_named() -> None:
    assert load_synthesis("tests.unlearning.synthetic:sampler") is sampler
    with pytest.raises(RecipeError, match="method of a synthesis"):
        load_synthesis("tests.unlearning.tiny:recipe")
    with pytest.raises(RecipeError, match="methods of a recipe"):
        load_recipe("tests.unlearning.synthetic:sampler")
    assert task_of(clusters) == "clustering"
    assert task_of(load_recipe("tests.unlearning.tiny:recipe")) == "classification"

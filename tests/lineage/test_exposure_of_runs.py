"""From a person to the step in which each training first used their records."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from governance.services import issue_api_key
from governance.subjects import SubjectDigest, subject_digest
from lineage.capture.mlflow_state import SeenDataset, SeenModel, SeenRun, SeenState, model_identity
from lineage.errors import ActivityNotFound, RecordNotFound
from lineage.exposure import (
    Exposure,
    RowOrder,
    Shuffle,
    TrainingOrder,
    exposed_from,
    never_exposed,
    order_digest,
    order_tag,
)
from lineage.models import Activity, Artifact
from lineage.selectors import clean_checkpoints, exposures, first_exposure
from lineage.services import record_redaction
from lineage.services.mlflow import record_state
from tests.people import record_dataset, write_dataset

pytestmark = pytest.mark.django_db

#: Twelve people, one row each; ``P-07`` is the seventh line of the first segment.
ROWS = [(f"P-{n:02}", f"p{n}@example.org", "Cork") for n in range(12)]
TRAINED = datetime(2026, 11, 2, tzinfo=UTC)
IN_FILES = TrainingOrder(rows=12, shuffle=Shuffle.NONE, batch_size=3, epochs=2)


def somebody(number: int) -> SubjectDigest:
    return subject_digest(f"p{number}@example.org")


@pytest.fixture
def people(tmp_path: Path) -> Artifact:
    """Even numbers lie in the first segment, odd ones in the second."""
    return record_dataset(write_dataset(tmp_path / "people", ROWS))


def captured(
    *datasets: Artifact,
    order: str = "",
    saved: Mapping[str, str] | None = None,
    base: str = "",
    name: str = "churn",
    tags: Mapping[str, str] | None = None,
) -> Activity:
    """A training as MLflow shows it: its order, its checkpoints by name and step."""
    model = SeenModel(
        identity=model_identity(name),
        model_id=name,
        name=name,
        location=f"file:///models/{name}",
        created_at=TRAINED,
        run_id=f"run-{name}",
    )
    checkpoints = tuple(
        SeenModel(
            identity=model_identity(f"{name}-{mark}"),
            model_id=f"{name}-{mark}",
            name=f"{name}-{mark}",
            location=f"file:///models/{name}-{mark}",
            created_at=TRAINED,
            run_id=f"run-{name}",
            model_type="checkpoint",
            tags={"vestige.optimizer_step": step} if step else {},
        )
        for mark, step in (saved or {}).items()
    )
    run = SeenRun(
        run_id=f"run-{name}",
        name=name,
        status="FINISHED",
        started_at=datetime.now(UTC),
        ended_at=datetime.now(UTC),
        datasets=tuple(
            SeenDataset(name=d.name, source=json.dumps({"uri": d.location})) for d in datasets
        ),
        model_inputs=(base,) if base else (),
        tags={**({"vestige.order": order} if order else {}), **(tags or {})},
    )
    seen = SeenState(
        observed_at=datetime.now(UTC) + timedelta(hours=1),
        runs=(run,),
        models=(model, *checkpoints),
    )
    record_state(seen)
    return Activity.objects.get(external_id=run.run_id)


def test_the_step_follows_from_the_place_in_the_files_and_so_do_the_clean_checkpoints(
    people: Artifact,
) -> None:
    run = captured(
        people,
        order=order_tag(IN_FILES),
        saved={"start": "0", "early": "2", "late": "3", "undated": ""},
    )

    # P-01 opens the second segment: row 6, so the third batch of three.
    assert first_exposure(somebody(1), run.pk) == exposed_from(3)
    assert first_exposure(["P-01"], run.pk) == exposed_from(3)
    found = clean_checkpoints(somebody(1), run.pk)
    assert [item.name for item in found.clean] == ["churn-start", "churn-early"]
    assert [item.name for item in found.exposed] == ["churn-late"]
    assert [item.name for item in found.without_step] == ["churn-undated"]
    # With P-00 asked for too, only what was saved before any update is clean.
    assert first_exposure(["P-01", "P-00"], run.pk) == exposed_from(1)
    both = clean_checkpoints(["P-01", "P-00"], run.pk)
    assert [item.name for item in both.clean] == ["churn-start"]


def test_rows_written_down_by_the_training_are_followed(people: Artifact, tmp_path: Path) -> None:
    visited = np.array([[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], list(range(12))])
    np.save(tmp_path / "order.npy", visited)
    order = TrainingOrder(
        rows=12,
        shuffle=Shuffle.RECORDED,
        row_order=RowOrder.RECORD_ID,
        batch_size=4,
        epochs=2,
        digest=order_digest(visited),
        file=(tmp_path / "order.npy").as_uri(),
    )
    run = captured(people, order=order_tag(order))

    assert first_exposure(["P-11"], run.pk) == exposed_from(1)
    assert first_exposure(["P-00"], run.pk) == exposed_from(3)

    (tmp_path / "order.npy").write_text("no numbers")
    assert reason(first_exposure(["P-00"], run.pk)).startswith(
        "The recorded order cannot be used: file cannot be read"
    )


def reason(exposure: Exposure) -> str:
    """Why an exposure is unknown; the bound is then the very first update."""
    assert (exposure.known, exposure.step) == (False, 1)
    (said,) = exposure.reasons
    return said


def test_without_an_order_the_answer_is_unknown_and_no_checkpoint_is_clean(
    people: Artifact,
) -> None:
    run = captured(people, saved={"start": "0"})

    assert reason(first_exposure(somebody(1), run.pk)) == (
        "The run recorded no order (tag vestige.order)."
    )
    assert clean_checkpoints(somebody(1), run.pk).clean == ()


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ('{"rows": 12, "shuffle": "numpy-pcg64", "batch_size": 3, "epochs": 1}', "seed is missing"),
        (order_tag(IN_FILES).replace("12", "11"), "over 11 rows, the dataset has 12"),
        ("in any order", "not a JSON object"),
    ],
)
def test_an_order_that_does_not_fit_is_unknown_with_the_reason(
    people: Artifact, order: str, says: str
) -> None:
    run = captured(people, order=order)

    assert says in reason(first_exposure(somebody(1), run.pk))


def test_files_that_changed_since_the_training_are_not_taken_for_what_it_read(
    people: Artifact, tmp_path: Path
) -> None:
    run = captured(people, order=order_tag(IN_FILES))
    assert first_exposure(somebody(1), run.pk).known

    write_dataset(tmp_path / "people", ROWS[::-1])

    assert "have changed since" in reason(first_exposure(somebody(1), run.pk))


def test_rows_that_were_written_and_read_again_are_not_those_of_an_earlier_training(
    people: Artifact, tmp_path: Path
) -> None:
    run = captured(people, order=order_tag(IN_FILES))
    for segment in (tmp_path / "people").glob("segment-*.csv"):
        segment.touch()

    assert "written after the training began" in reason(first_exposure(somebody(1), run.pk))


def test_of_redacted_rows_nothing_is_computed_any_more(people: Artifact, tmp_path: Path) -> None:
    run = captured(people, order=order_tag(IN_FILES))
    write_dataset(tmp_path / "people", [row for row in ROWS if row[0] != "P-01"])
    record_redaction(dataset_version_id=people.pk)

    assert "in which rows is no longer known" in reason(first_exposure(somebody(1), run.pk))


def test_a_base_that_is_no_longer_in_use_has_left_its_mark_all_the_same(
    people: Artifact, tmp_path: Path
) -> None:
    others = [(f"Q-{n}", f"q{n}@example.org", "Lyon") for n in range(12)]
    fresh = record_dataset(write_dataset(tmp_path / "others", others), name="others")
    captured(people, order=order_tag(IN_FILES))
    tuned = captured(fresh, order=order_tag(IN_FILES), base="churn", name="tuned")
    Artifact.objects.filter(name="churn").update(state="destroyed")

    assert first_exposure(somebody(1), tuned.pk).step == 0


def test_somebody_whose_rows_a_training_did_not_read_has_no_step_there(
    people: Artifact, tmp_path: Path
) -> None:
    others = [("Q-1", "q@example.org", "Lyon")]
    run = captured(people, order=order_tag(IN_FILES), saved={"undated": ""})
    record_dataset(write_dataset(tmp_path / "others", others, segments=1), name="others")
    stranger = subject_digest("q@example.org")

    assert first_exposure(stranger, run.pk) == never_exposed()
    assert len(clean_checkpoints(stranger, run.pk).clean) == 1
    assert exposures(stranger).trainings == ()
    assert exposures(stranger, run="churn").trainings[0].exposure == never_exposed()


def test_a_fine_tune_begins_with_what_its_base_carries_and_a_student_does_not(
    people: Artifact, tmp_path: Path
) -> None:
    others = [(f"Q-{n}", f"q{n}@example.org", "Lyon") for n in range(12)]
    fresh = record_dataset(write_dataset(tmp_path / "others", others), name="others")
    captured(people, order=order_tag(IN_FILES))
    tuned = captured(fresh, order=order_tag(IN_FILES), base="churn", name="tuned")
    student = captured(
        fresh,
        base="churn",
        name="student",
        saved={"start": "0"},
        tags={"vestige.base_relation": "distilled_from"},
    )

    base_reason = "It was made from churn, which carries the records."
    assert first_exposure(somebody(1), tuned.pk) == exposed_from(0, base_reason)
    assert first_exposure(somebody(1), student.pk) == exposed_from(1, base_reason)
    assert [c.name for c in clean_checkpoints(somebody(1), student.pk).clean] == ["student-start"]
    assert [item.name for item in exposures(somebody(1)).trainings] == ["churn", "tuned", "student"]


@pytest.mark.parametrize("relation", ["adapter_of", "merged_from", "quantized_from"])
def test_what_is_made_of_a_models_weights_carries_what_they_do_from_the_start(
    people: Artifact, relation: str
) -> None:
    captured(people, order=order_tag(IN_FILES))
    made = captured(base="churn", name="made", tags={"vestige.base_relation": relation})

    reason = "It was made from churn, which carries the records."
    assert first_exposure(somebody(1), made.pk) == exposed_from(0, reason)


@pytest.mark.usefixtures("people")
def test_rows_that_were_never_read_make_the_answer_unknown(tmp_path: Path) -> None:
    unread = Artifact.objects.create(
        kind="dataset_version",
        name="unread",
        identity="dataset:test/unread@v1",
        location=(tmp_path / "unread").as_uri(),
        occurred_at=TRAINED,
    )
    run = captured(unread, order=order_tag(IN_FILES))

    assert reason(first_exposure(somebody(1), run.pk)) == "The rows of unread have not been read."
    # It is listed for everybody, also for whom no record is known at all.
    found = exposures(subject_digest("nobody@example.org"))
    assert [item.name for item in found.trainings] == ["churn"]


def test_a_training_of_which_no_input_is_recorded_may_have_used_anything() -> None:
    captured()

    found = exposures(subject_digest("nobody@example.org"))

    (item,) = found.trainings
    assert (item.exposure.known, item.exposure.step) == (False, 0)
    assert item.exposure.reasons == ("What this run read is not recorded.",)


def test_of_one_record_only_the_trainings_that_read_it_are_listed(
    people: Artifact, tmp_path: Path
) -> None:
    images = [("I-1", "p1@example.org", "Cork"), *((f"I-{n}", "q@example.org", "") for n in (2, 3))]
    pictures = record_dataset(write_dataset(tmp_path / "images", images), name="images")
    captured(people, order=order_tag(IN_FILES))
    captured(pictures, name="reader")

    assert [item.name for item in exposures(["I-1"]).trainings] == ["reader"]
    assert [item.name for item in exposures(somebody(1)).trainings] == ["churn", "reader"]


def test_a_training_that_left_no_model_is_answered_for_too(people: Artifact) -> None:
    run = captured(people, order=order_tag(IN_FILES))
    Artifact.objects.filter(name="churn").update(made_by=None)

    (item,) = exposures(somebody(1)).trainings

    assert (item.activity_id, item.exposure) == (run.pk, exposed_from(3))


def test_the_command_prints_the_step_and_the_checkpoints(people: Artifact) -> None:
    captured(people, order=order_tag(IN_FILES), saved={"start": "0", "late": "3"})

    text = run_command("--email", "P1@example.org")

    assert "churn (run-churn): first used in step 3." in text
    assert "  clean: churn-start (step 0)" in text
    assert "  not clean: churn-late (step 3)" in text
    (item,) = json.loads(run_command("--record", "P-01", "--run", "churn", "--json"))["trainings"]
    assert item["exposure"] == {"step": 3, "known": True, "reasons": []}
    assert [c["name"] for c in item["checkpoints"]["clean"]] == ["churn-start"]


def run_command(*words: str) -> str:
    out = StringIO()
    call_command("exposure", *words, stdout=out)
    return out.getvalue()


def test_an_unknown_run_or_record_is_an_error_that_names_it(people: Artifact) -> None:
    assert people.indexed_at
    with pytest.raises(CommandError, match="no run with the name or id nobody"):
        run_command("--email", "p1@example.org", "--run", "nobody")
    with pytest.raises(RecordNotFound, match=r"the id X-1\."):
        exposures(["X-1", "P-01"])
    with pytest.raises(ActivityNotFound, match="the id 0"):
        first_exposure(["P-01"], 0)


def test_a_program_asks_over_http(people: Artifact) -> None:
    captured(people, order=order_tag(IN_FILES), saved={"start": "0"})
    _, key = issue_api_key(name="operations", scopes=["lineage:read"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    path = "/api/v1/lineage/exposure"

    by_person = client.post(path, {"subject": {"email": "p1@example.org"}}, format="json")
    by_record = client.post(path, {"records": ["P-01"], "run": "churn"}, format="json")

    (training,) = by_person.json()["trainings"]
    assert by_record.json() == by_person.json()
    assert training["exposure"] == {"step": 3, "known": True, "reasons": []}
    assert [item["name"] for item in training["checkpoints"]["clean"]] == ["churn-start"]
    for body, status in (
        ({}, 422),
        ({"records": ["P-01"], "subject": {"email": "p1@example.org"}}, 422),
        ({"records": ["X-1"]}, 404),
        ({"records": ["P-01"], "run": "nobody"}, 404),
    ):
        assert client.post(path, body, format="json").status_code == status

"""A plan goes by record ids, so it is not drawn up where they name other people's records too."""

from pathlib import Path
from uuid import uuid4

import pytest

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation, Posting
from lineage.selectors import trace
from tests.factories import ArtifactFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning.errors import SharedRecordIdsError
from unlearning.models import Plan
from unlearning.services import draft_plan

pytestmark = pytest.mark.django_db

CUSTOMERS = [("7", ANN, "Berlin"), ("12", "bob@example.com", "Lyon")]
#: Bob's row bears the number of Ann's row in the customers.
OTHERS = [("7", "bob@example.com", "Lyon"), ("12", "cem@example.com", "Izmir")]


def dataset(folder: Path, name: str, rows: list[tuple[str, str, str]]) -> Artifact:
    return record_dataset(write_dataset(folder / name, rows, segments=1), name=name)


def draft() -> Plan:
    impact = trace(subject_digest(ANN))
    return draft_plan(case_id=uuid4(), impact=impact, author=OfficerFactory.create())


def train(*sources: Artifact, base: Artifact | None = None) -> Artifact:
    model: Artifact = ArtifactFactory.create(location="file:///model")
    for source in sources:
        Derivation.objects.create(upstream=source, downstream=model, relation=Relation.TRAINED_ON)
    if base:
        Derivation.objects.create(
            upstream=base, downstream=model, relation=Relation.FINE_TUNED_FROM
        )
    return model


def test_rows_of_others_under_the_same_id_are_not_taken_along(tmp_path: Path) -> None:
    dataset(tmp_path, "customers", CUSTOMERS)
    dataset(tmp_path, "images", [*OTHERS, ("13", ANN, "Berlin")])

    with pytest.raises(SharedRecordIdsError) as refused:
        draft()

    assert refused.value.detail.startswith("Give every record an id of its own")
    assert refused.value.detail.endswith("in images v1.")
    assert "7" not in refused.value.detail
    assert not Plan.objects.exists()


def test_an_id_may_be_used_again_where_nothing_is_done(tmp_path: Path) -> None:
    dataset(tmp_path, "customers", CUSTOMERS)
    dataset(tmp_path, "images", OTHERS)

    assert draft().record_ids == ["7"]


def test_rows_of_a_source_are_not_touched_and_hinder_nothing(tmp_path: Path) -> None:
    dataset(tmp_path, "customers", CUSTOMERS)
    crm = dataset(tmp_path, "crm", [*OTHERS, ("13", ANN, "Berlin")])
    Artifact.objects.filter(pk=crm.pk).update(kind=ArtifactKind.SOURCE)

    plan = draft()

    left = {item["artifact"]: item["reason"] for item in plan.uncovered}
    assert "a person must delete the records there" in left.pop("crm v1")
    assert set(left.values()) == {"it is part of crm v1, which a person must see to"}
    assert {step.artifact.name for step in plan.steps.all()} == {"customers v1"}


@pytest.mark.parametrize("through_base", [False, True])
def test_what_a_training_reads_besides_counts_too(tmp_path: Path, through_base: bool) -> None:
    customers = dataset(tmp_path, "customers", CUSTOMERS)
    images = dataset(tmp_path, "images", OTHERS)
    if through_base:
        train(customers, base=train(images))
    else:
        train(customers, images)

    with pytest.raises(SharedRecordIdsError, match="images v1"):
        draft()


def test_rows_that_only_judge_a_model_do_not_count(tmp_path: Path) -> None:
    model = train(dataset(tmp_path, "customers", CUSTOMERS))
    Derivation.objects.create(
        upstream=dataset(tmp_path, "judges", OTHERS),
        downstream=model,
        relation=Relation.EVALUATED_ON,
    )

    assert draft().record_ids == ["7"]


def test_the_same_record_in_two_versions_is_one_record(tmp_path: Path) -> None:
    dataset(tmp_path, "customers", CUSTOMERS)
    dataset(tmp_path, "copies", [*CUSTOMERS, ("13", "dee@example.com", "Cork")])

    assert draft().record_ids == ["7"]


def test_two_rows_of_one_dataset_under_one_id_are_told_apart_by_nobody(tmp_path: Path) -> None:
    rows = [CUSTOMERS[0], OTHERS[0]]
    record_dataset(write_dataset(tmp_path / "customers", rows, segments=2), name="customers")

    with pytest.raises(SharedRecordIdsError, match="customers v1"):
        draft()


def test_a_row_that_two_people_share_is_the_record_of_both(tmp_path: Path) -> None:
    dataset(tmp_path, "customers", CUSTOMERS)
    own = Posting.objects.get(subject_digest=subject_digest(ANN).value)
    Posting.objects.create(
        subject_digest=subject_digest("eva@example.com").value,
        key_version=own.key_version,
        segments=own.segments,
        record_ids=own.record_ids,
    )

    assert draft().record_ids == ["7"]

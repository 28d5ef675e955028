"""A synthetic dataset whose rows were sampled again, from a generator that forgot somebody."""

from pathlib import Path

import pytest

from lineage.errors import ArtifactNotFound, UnreadableRecords
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Derivation
from lineage.records import list_segments, version_digest
from lineage.selectors import locations_of, synthesis_of
from lineage.services import load_record_index, record_regeneration

pytestmark = pytest.mark.django_db
RECIPE = {"recipe": "shop:Sampling", "params": {"rows": "1"}, "seed": 7, "policy": "regenerate"}


def generator(name: str) -> Artifact:
    return Artifact.objects.create(
        kind=ArtifactKind.MODEL, identity=f"mlflow-model:{name}", name=name
    )


@pytest.fixture
def old(tmp_path: Path) -> Artifact:
    write(tmp_path, "40,1")
    made = Artifact.objects.create(
        kind=ArtifactKind.SYNTHETIC_DATASET,
        identity="dataset:shop/synthetic@1",
        name="synthetic@1",
        location=tmp_path.as_uri(),
        attributes={
            "declared_kind": "synthetic_dataset",
            "description": "Nobody's rows.",
            "copies": ["file:///laptop/synthetic"],
            "synthesis": {"generator": generator("g1").identity, **RECIPE},
        },
    )
    load_record_index(dataset_version_id=made.pk)
    made.refresh_from_db()
    return made


def write(directory: Path, row: str) -> None:
    (directory / "segment-0.csv").write_text(f"age,income\n{row}\n", encoding="utf-8")


def edges(dataset: Artifact) -> list[tuple[str, str]]:
    rows = Derivation.objects.filter(downstream=dataset).order_by("relation")
    return [(edge.upstream.name, edge.relation) for edge in rows]


def test_new_rows_are_a_new_dataset_of_the_new_generator(old: Artifact, tmp_path: Path) -> None:
    write(tmp_path, "41,0")
    new_generator = generator("g2")
    new = record_regeneration(dataset_id=old.pk, generator_id=new_generator.pk)
    old.refresh_from_db()
    assert (old.state, new.state, new.kind) == ("superseded", "current", "synthetic_dataset")
    assert new.digest == version_digest(list_segments(tmp_path)) != old.digest
    assert edges(new) == [("synthetic@1", "regenerated_from"), ("g2", "synthesized_by")]
    assert new.attributes["description"] == "Nobody's rows."
    assert locations_of(new.pk) == locations_of(old.pk)
    before, after = synthesis_of(old.pk), synthesis_of(new.pk)
    assert before is not None
    assert after is not None
    assert after.generator == new_generator.pk
    assert (after.recipe, after.params, after.seed, after.policy) == (
        before.recipe,
        before.params,
        before.seed,
        before.policy,
    )


def test_a_repeated_regeneration_finds_the_first(old: Artifact, tmp_path: Path) -> None:
    write(tmp_path, "41,0")
    made_by = generator("g2").pk
    new = record_regeneration(dataset_id=old.pk, generator_id=made_by)
    again = [
        record_regeneration(dataset_id=start, generator_id=made_by).pk for start in (old.pk, new.pk)
    ]
    assert again == [new.pk, new.pk]
    assert Artifact.objects.filter(kind=ArtifactKind.SYNTHETIC_DATASET).count() == 2
    new.refresh_from_db()
    assert new.state == "current"


def test_equal_rows_of_another_generator_are_another_dataset(old: Artifact) -> None:
    new = record_regeneration(dataset_id=old.pk, generator_id=generator("g2").pk)
    assert new.pk != old.pk
    assert new.digest == old.digest


def test_the_names_of_later_regenerations_do_not_grow(old: Artifact, tmp_path: Path) -> None:
    names = []
    for number in range(3):
        write(tmp_path, f"{number},0")
        old = record_regeneration(dataset_id=old.pk, generator_id=generator(f"h{number}").pk)
        names.append(old.name)
    assert {name.count("regenerated") for name in names} == {1}
    states = Artifact.objects.filter(kind=ArtifactKind.SYNTHETIC_DATASET).values_list("state")
    assert sorted(state for (state,) in states) == ["current", *["superseded"] * 3]


def test_what_is_no_synthetic_dataset_or_no_model_or_not_there_is_refused(
    old: Artifact, tmp_path: Path
) -> None:
    new_generator = generator("g2")
    with pytest.raises(ArtifactNotFound):
        record_regeneration(dataset_id=new_generator.pk, generator_id=new_generator.pk)
    with pytest.raises(ArtifactNotFound):
        record_regeneration(dataset_id=old.pk, generator_id=old.pk)
    (tmp_path / "segment-0.csv").unlink()
    with pytest.raises(UnreadableRecords):
        record_regeneration(dataset_id=old.pk, generator_id=new_generator.pk)
    old.refresh_from_db()
    assert old.state == "current"

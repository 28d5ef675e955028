"""What the planner is told of the affected artifacts."""

from collections.abc import Iterable

import pytest

from lineage.graph import Affected, ArtifactKind, Impact, Influence, Node, Relation
from lineage.models import Artifact, Derivation
from tests.factories import ArtifactFactory
from unlearning.planning import PlanningArtifact, SynthesisSummary
from unlearning.services.gathering import gather, without_rows

pytestmark = pytest.mark.django_db


def impact_of(artifacts: Iterable[Artifact], *, indexed: bool = False) -> Impact:
    """A trace that found these artifacts and no record."""
    return Impact(
        records=(),
        affected=tuple(
            Affected(
                node=Node(id=row.pk, kind=ArtifactKind(row.kind), name=row.name, indexed=indexed),
                influence=(Influence.CONTENT,),
                path=(row.pk,),
                rank=rank,
            )
            for rank, row in enumerate(artifacts)
        ),
        complete=True,
        reasons=(),
        gaps=(),
        frontier=(),
        snapshot_hash="0" * 64,
        datasets_examined=0,
    )


def gathered(*artifacts: Artifact) -> dict[int, PlanningArtifact]:
    rows = {row.pk: row for row in artifacts}
    found = gather(impact_of(artifacts), rows, leave_out=())
    return {artifact.id: artifact for artifact in found.artifacts}


def test_only_affected_ancestors_are_waited_for() -> None:
    generator, elsewhere, model, teacher = (ArtifactFactory.create() for _ in range(4))
    synthetic = ArtifactFactory.create(
        kind=ArtifactKind.SYNTHETIC_DATASET,
        attributes={
            "synthesis": {
                "generator": generator.identity,
                "recipe": "company:sample",
                "params": {},
                "seed": 7,
                "policy": "regenerate",
            }
        },
    )
    for upstream, relation in (
        (synthetic, Relation.TRAINED_ON),
        (teacher, Relation.DISTILLED_FROM),
        (elsewhere, Relation.FINE_TUNED_FROM),
    ):
        Derivation.objects.create(upstream=upstream, downstream=model, relation=relation)

    found = gathered(generator, teacher, synthetic, model)

    assert found[synthetic.pk].ancestors == (generator.pk,)
    assert found[synthetic.pk].synthesis == SynthesisSummary(
        recipe="company:sample", policy="regenerate", generator=generator.pk
    )
    assert found[synthetic.pk].feeds_training
    assert found[model.pk].ancestors == tuple(sorted((teacher.pk, synthetic.pk)))
    assert set(found[model.pk].base_models) == {teacher.pk, elsewhere.pk}


def test_a_dataset_that_only_judges_a_model_is_no_ancestor_and_feeds_no_training() -> None:
    model = ArtifactFactory.create()
    judge = ArtifactFactory.create(kind=ArtifactKind.CACHE)
    Derivation.objects.create(upstream=judge, downstream=model, relation=Relation.EVALUATED_ON)

    found = gathered(judge, model)

    assert found[model.pk].ancestors == ()
    assert not found[judge.pk].feeds_training


def test_a_recipient_is_reachable_where_a_contact_is_recorded() -> None:
    known = ArtifactFactory.create(
        kind=ArtifactKind.RECIPIENT, attributes={"contact": "mailto:privacy@lakeside.example"}
    )
    unknown = ArtifactFactory.create(kind=ArtifactKind.RECIPIENT)

    found = gathered(known, unknown)

    assert (found[known.pk].reachable, found[unknown.pk].reachable) == (True, False)


def test_row_holders_without_a_record_say_whether_their_rows_were_read() -> None:
    log = ArtifactFactory.create(kind=ArtifactKind.LOG)
    cache = ArtifactFactory.create(kind=ArtifactKind.CACHE)

    [unread] = without_rows(impact_of([log, cache])).items()
    assert unread == (
        log.pk,
        "its rows were not all read, so whether it holds a record is not known",
    )

    read = without_rows(impact_of([log, cache], indexed=True))
    assert set(read.values()) == {"every row of it was read and none belongs to the data subject"}
    assert set(read) == {log.pk, cache.pk}


def test_rows_that_only_a_person_can_take_out_say_why() -> None:
    def holder(form: str, **attributes: str) -> Artifact:
        layout = {"format": form, "subject_columns": ["email"], "record_id_column": "id"}
        made: Artifact = ArtifactFactory.create(
            kind=ArtifactKind.DATASET_VERSION, attributes={"record_index": layout, **attributes}
        )
        return made

    rows = [holder("parquet"), holder("huggingface"), holder("csv", by_hand="it is a single file")]
    reasons = [gathered(*rows)[row.pk].by_hand for row in rows]
    assert reasons[0] == ""
    assert "Hugging Face folder" in reasons[1]
    assert reasons[2] == "it is a single file"

"""What the graph and the record index keep of an artifact whose files were deleted."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from governance.subjects import subject_digest
from lineage.capture.observations import Observations, ObservedArtifact
from lineage.errors import ArtifactNotFound
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation, Posting
from lineage.selectors import find_gaps, trace
from lineage.services import load_record_index, record_destruction, record_observations
from tests.people import ANN, record_dataset, write_dataset

pytestmark = pytest.mark.django_db


def cache(directory: Path, name: str) -> Artifact:
    found = record_dataset(write_dataset(directory / name), name=name)
    Artifact.objects.filter(pk=found.pk).update(kind=ArtifactKind.CACHE)
    found.refresh_from_db()
    return found


def receipt(location: str, files: int) -> dict[str, object]:
    return {"location": location, "files": files, "bytes": 9, "digest": "sha256:ab", "absent": True}


def affected() -> list[str]:
    return [item.node.name for item in trace(subject_digest(ANN)).affected]


def test_a_destroyed_cache_and_its_segments_leave_the_trace(tmp_path: Path) -> None:
    gone = cache(tmp_path, "gone")
    assert "gone v1" in affected()
    receipts = [receipt(gone.location, 2)]
    record_destruction(artifact_id=gone.pk, receipts=receipts)
    gone.refresh_from_db()
    assert (gone.state, gone.attributes["receipts"]) == ("destroyed", receipts)
    assert affected() == []
    assert find_gaps() == ()
    states = Artifact.objects.filter(kind=ArtifactKind.SEGMENT).values_list("state", flat=True)
    assert set(states) == {"destroyed"}
    postings = list(Posting.objects.all())
    assert postings
    for posting in postings:
        assert (posting.segments, posting.record_ids, len(posting.past_segments or ())) == (
            [],
            [],
            1,
        )


def test_a_model_that_read_a_destroyed_cache_is_still_listed(tmp_path: Path) -> None:
    gone = cache(tmp_path, "gone")
    model = Artifact.objects.create(kind=ArtifactKind.MODEL, identity="mlflow-model:m", name="m")
    Derivation.objects.create(upstream=gone, downstream=model, relation=Relation.TRAINED_ON)
    record_destruction(artifact_id=gone.pk, receipts=[receipt(gone.location, 2)])
    assert affected() == ["m"]


def test_destroying_a_base_of_unknown_origin_makes_no_answer_complete(tmp_path: Path) -> None:
    base, tuned = (
        Artifact.objects.create(kind=kind, identity=f"mlflow-model:{name}", name=name)
        for kind, name in ((ArtifactKind.MODEL, "base"), (ArtifactKind.FINE_TUNE, "tuned"))
    )
    Derivation.objects.create(upstream=base, downstream=tuned, relation=Relation.FINE_TUNED_FROM)
    Derivation.objects.create(
        upstream=cache(tmp_path, "rows"), downstream=tuned, relation=Relation.TRAINED_ON
    )
    record_destruction(artifact_id=base.pk, receipts=[])
    impact = trace(subject_digest(ANN))
    assert not impact.complete
    assert [(gap.rule, gap.artifact) for gap in impact.gaps] == [
        ("model_without_training_input", "base")
    ]
    record_destruction(artifact_id=tuned.pk, receipts=[])
    assert trace(subject_digest(ANN)).complete


def test_segments_that_something_else_still_holds_stay(tmp_path: Path) -> None:
    gone, kept = cache(tmp_path, "gone"), cache(tmp_path, "kept")
    before = list(Posting.objects.order_by("pk").values_list("segments", "record_ids"))
    record_destruction(artifact_id=gone.pk, receipts=[receipt(gone.location, 2)])
    assert list(Posting.objects.order_by("pk").values_list("segments", "record_ids")) == before
    assert kept.name in affected()
    assert gone.name not in affected()
    record_destruction(artifact_id=kept.pk, receipts=[receipt(kept.location, 2)])
    assert affected() == []


def test_a_repeated_destruction_keeps_the_first_receipt_of_each_place(tmp_path: Path) -> None:
    gone = cache(tmp_path, "gone")
    first, other = receipt(gone.location, 2), receipt("file:///laptop/gone", 2)
    record_destruction(artifact_id=gone.pk, receipts=[first])
    postings = list(Posting.objects.order_by("pk").values())
    gone.refresh_from_db()
    at = gone.attributes["destroyed_at"]
    record_destruction(artifact_id=gone.pk, receipts=[receipt(gone.location, 0), other])
    gone.refresh_from_db()
    assert gone.attributes["receipts"] == [first, other]
    assert gone.attributes["destroyed_at"] == at
    assert list(Posting.objects.order_by("pk").values()) == postings


def test_a_superseded_model_can_be_destroyed_and_a_missing_one_cannot() -> None:
    old = Artifact.objects.create(
        kind=ArtifactKind.MODEL, identity="mlflow-model:old", name="old", state="superseded"
    )
    record_destruction(artifact_id=old.pk, receipts=[])
    old.refresh_from_db()
    assert old.state == ArtifactState.DESTROYED
    with pytest.raises(ArtifactNotFound):
        record_destruction(artifact_id=old.pk + 1, receipts=[])


@pytest.mark.parametrize(("hours", "state"), [(-1, "destroyed"), (1, "current")])
def test_only_what_was_made_after_its_destruction_is_there_again(
    tmp_path: Path, hours: int, state: str
) -> None:
    gone = cache(tmp_path, "gone")
    record_destruction(artifact_id=gone.pk, receipts=[receipt(gone.location, 2)])
    made = timezone.now() + timedelta(hours=hours)
    seen = ObservedArtifact(
        identity=gone.identity,
        kind=ArtifactKind.CACHE,
        observed_at=made,
        name=gone.name,
        occurred_at=made,
    )
    record_observations(Observations(artifacts=(seen,)))
    gone.refresh_from_db()
    assert gone.state == state
    if state == "current":
        assert [gap.rule for gap in find_gaps()] == ["dataset_without_subject_index"]
        assert "receipts" not in gone.attributes
        load_record_index(dataset_version_id=gone.pk)
        assert gone.name in affected()
        assert find_gaps() == ()


def test_a_capture_that_only_reads_a_destroyed_artifact_does_not_bring_it_back(
    tmp_path: Path,
) -> None:
    gone = cache(tmp_path, "gone")
    record_destruction(artifact_id=gone.pk, receipts=[receipt(gone.location, 2)])
    seen = ObservedArtifact(
        identity=gone.identity,
        kind=ArtifactKind.CACHE,
        observed_at=timezone.now() + timedelta(hours=1),
        name=gone.name,
    )
    record_observations(Observations(artifacts=(seen,)))
    gone.refresh_from_db()
    assert gone.state == ArtifactState.DESTROYED

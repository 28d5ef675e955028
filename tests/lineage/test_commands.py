import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation, Posting
from tests.lineage.starts import edge, make, shop, without_anybody

pytestmark = pytest.mark.django_db


@pytest.fixture
def segment() -> Artifact:
    segment, version = (
        Artifact.objects.create(kind=kind, identity=name, name=name)
        for kind, name in (
            (ArtifactKind.SEGMENT, "segment-0"),
            (ArtifactKind.DATASET_VERSION, "adult@1"),
        )
    )
    Derivation.objects.create(upstream=segment, downstream=version, relation=Relation.PART_OF)
    ann = subject_digest("ann@example.org")
    Posting.objects.create(
        subject_digest=ann.value,
        key_version=ann.key_version,
        segments=[segment.pk],
        record_ids=["C-1"],
    )
    return segment


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_trace_prints_the_path_to_each_artifact_and_why_it_may_be_incomplete(
    segment: Artifact,
) -> None:
    text = run("trace", "--email", "Ann@example.org")
    assert f"{segment.name} → adult@1" in text
    assert "NOT complete" in text
    document = json.loads(run("trace", "--email", "ann@example.org", "--json"))
    assert document["complete"] is False
    assert [item["kind"] for item in document["affected"]] == ["segment", "dataset_version"]
    assert [node["name"] for node in document["affected"][1]["path"]] == ["segment-0", "adult@1"]


def test_trace_groups_what_it_prints_by_influence_and_certainty() -> None:
    there = shop()
    edge(there.rows, make("guess", ArtifactKind.DATASET_VERSION), Relation.DERIVED_FROM)
    edge(there.rows, make("index", ArtifactKind.EMBEDDING_INDEX), Relation.INDEXES)
    edge(there.base, Artifact.objects.get(name="index"), Relation.EMBEDDED_BY)
    edge(there.rows, without_anybody(), Relation.CACHED_IN)
    lines = run("trace", "--record", "A-1").splitlines()
    groups = [line for line in lines if not line.startswith(" ")]
    assert groups[1:5] == [
        "Copies of content, certain: 3",
        "Copies of content, possible: 1",
        "Influence on weights, certain: 2",
        "Exposure at query time, certain: 1",
    ]
    assert groups[5] == (
        "not reached: without anybody, which was made from rows (cached_in), because every row"
        " of it was read: record_index"
    )
    within = lines[lines.index(groups[1]) + 1 : lines.index(groups[2])]
    assert [line.split()[0] for line in within] == ["segment", "dataset_version", "embedding_index"]
    assert within[-1].endswith("segment-1 → rows → index (also weights)")


@pytest.mark.usefixtures("segment")
def test_gaps_prints_each_gap_with_its_remedy() -> None:
    assert run("gaps").endswith("1 gap\n")
    (gap,) = json.loads(run("gaps", "--json"))
    assert gap["rule"] == "dataset_without_subject_index"
    assert gap["remedy"]


@pytest.mark.usefixtures("segment")
def test_gaps_shows_only_the_severity_and_the_rule_asked_for() -> None:
    Artifact.objects.create(kind=ArtifactKind.RECIPIENT, identity="bureau", name="bureau")

    def shown(*words: str) -> list[str]:
        return [gap["rule"] for gap in json.loads(run("gaps", "--json", *words))]

    high = ["dataset_without_subject_index", "recipient_without_source"]
    assert shown("--severity", "high") == high
    assert shown("--severity", "low") == ["recipient_without_contact"]
    assert shown("--rule", high[1]) == high[1:]
    assert shown("--rule", high[1], "--severity", "low") == []


def test_gaps_refuses_a_rule_that_does_not_exist() -> None:
    with pytest.raises(CommandError, match="rule"):
        run("gaps", "--rule", "no_such_rule")

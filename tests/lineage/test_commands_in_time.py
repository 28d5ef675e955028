"""``vestige trace --as-of T [--diff T2]`` as it is typed."""

import json
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.management import CommandError, call_command

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation, Moment, Posting
from vestige.cli import main

pytestmark = pytest.mark.django_db(transaction=True)
ANN = "ann@example.org"


def run(*words: str) -> str:
    out = StringIO()
    call_command("trace", "--email", ANN, *words, stdout=out)
    return out.getvalue()


def answer(*words: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(run(*words, "--json"))


def last() -> str:
    return Moment.objects.latest("at").at.isoformat()


@pytest.fixture
def moments() -> list[str]:
    """Ann's rows are recorded, a model is trained on them, and it is trained again without her."""
    found = []
    segment, rows, old = (
        Artifact.objects.create(kind=kind, identity=name, name=name)
        for kind, name in (
            (ArtifactKind.SEGMENT, "segment"),
            (ArtifactKind.DATASET_VERSION, "rows"),
            (ArtifactKind.MODEL, "old"),
        )
    )
    Derivation.objects.create(upstream=segment, downstream=rows, relation=Relation.PART_OF)
    ann = subject_digest(ANN)
    Posting.objects.create(
        subject_digest=ann.value,
        key_version=ann.key_version,
        segments=[segment.pk],
        record_ids=["C-1"],
    )
    found.append(last())
    Derivation.objects.create(upstream=rows, downstream=old, relation=Relation.TRAINED_ON)
    found.append(last())
    new = Artifact.objects.create(kind=ArtifactKind.MODEL, identity="new", name="new")
    Derivation.objects.create(upstream=old, downstream=new, relation=Relation.RETRAINED_FROM)
    Artifact.objects.filter(pk=old.pk).update(state=ArtifactState.SUPERSEDED)
    found.append(last())
    return found


def listed(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def test_a_trace_as_of_a_moment_lists_what_was_on_record_then(moments: list[str]) -> None:
    then, trained, _ = moments
    assert listed(answer("--as-of", then)["affected"]) == ["segment", "rows"]
    assert listed(answer("--as-of", trained)["affected"]) == ["segment", "rows", "old"]
    assert listed(answer()["affected"]) == ["segment", "rows"]
    assert "As it was on record at" in run("--as-of", trained)


def test_a_difference_lists_what_came_and_went(moments: list[str]) -> None:
    then, trained, _ = moments
    came = answer("--as-of", then, "--diff", trained)
    assert listed(came["newly_affected"]) == ["old"]
    assert [
        (link["upstream"]["name"], link["relation"]) for link in came["graph"]["edges_begun"]
    ] == [("rows", "trained_on")]
    went = answer("--as-of", trained, "--diff", "now")
    assert listed(went["no_longer_affected"]) == ["old"]
    assert listed(went["graph"]["artifacts_recorded"]) == ["new"]
    (changed,) = went["graph"]["artifacts_changed"]
    assert (changed["before"]["state"], changed["after"]["state"]) == ("current", "superseded")
    text = run("--as-of", trained, "--diff", "now")
    assert "No longer affected: 1" in text
    assert "artifacts changed: 1" in text
    assert "The later trace is NOT complete:" in text


def test_moments_that_cannot_be_answered_are_refused_by_name(moments: list[str]) -> None:
    then, trained, _ = moments
    refused = {
        ("--as-of", "2026-11-25T18:00:00"): "as_of: .* time zone. Write it like",
        ("--as-of", "2001-01-01T00:00:00Z"): "as_of: .* is too early",
        ("--as-of", then, "--diff", "2999-01-01T00:00:00Z"): "diff: .* lies in the future",
        ("--as-of", trained, "--diff", then): "diff: .* must be later than as_of",
        ("--as-of", ""): "as_of: '' is no moment",
        ("--as-of", then, "--diff", ""): "diff: '' is no moment",
        ("--diff", then): "name it with --as-of",
    }
    for words, why in refused.items():
        with pytest.raises(CommandError, match=why):
            run(*words)


def test_the_console_script_refuses_a_difference_from_nowhere() -> None:
    found = CliRunner().invoke(main, ["trace", "--email", ANN, "--diff", "now"])
    assert found.exit_code == 2
    assert "name it with --as-of" in found.output

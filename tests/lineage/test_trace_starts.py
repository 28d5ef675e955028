"""A trace starts at somebody's records, at one record, or at one artifact."""

import pytest
from click.testing import CliRunner
from django.core.management import CommandError

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact
from lineage.selectors import OneArtifact, OneRecord, trace
from tests.lineage.starts import (
    ANN,
    command,
    document,
    edge,
    hold,
    last_moment,
    make,
    names,
    shop,
    trained_again,
)
from vestige.cli import main

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_record_is_traced_from_the_segments_that_hold_it_alone() -> None:
    shop()
    found = document("--record", "A-1")
    assert names(found["affected"]) == ["segment-1", "rows", "base", "tuned", "product"]
    assert [record["record_id"] for record in found["records"]] == ["A-1"]
    assert "where the record A-1 lies: 1" in command("--record", "A-1")
    # Whose record it is is of no account: Ann's other one lies beside Bob's.
    assert names(document("--record", "B-1")["affected"])[0] == "segment-2"


def test_a_record_that_two_people_share_is_one_record() -> None:
    there = shop()
    hold("cem@example.org", (there.first, "A-1"))
    assert [r.segment for r in trace(OneRecord(record_id="A-1")).records] == [there.first.pk]


def test_what_a_record_may_have_left_behind_is_traced_too() -> None:
    there = shop()
    gone = make("old-segment", ArtifactKind.SEGMENT, state="superseded")
    model = make("old-model")
    edge(gone, model, Relation.TRAINED_ON)
    redacted = make("new-segment", ArtifactKind.SEGMENT)
    edge(gone, redacted, Relation.REDACTED_FROM)
    hold("dee@example.org", (there.first, "D-1"), past=(gone,))
    hold("eve@example.org", (redacted, "E-1"))
    for record in ("D-1", "E-1"):
        assert "old-model" in names(document("--record", record)["affected"])


def test_an_artifact_is_traced_from_itself() -> None:
    there = shop()
    asked = (str(there.base.pk), "test:base", "base")
    for words in asked:
        found = document("--artifact", words)
        assert names(found["affected"]) == ["base", "tuned", "product"]
        assert (found["records"], found["affected"][0]["path"]) == (
            [],
            [{"id": there.base.pk, "name": "base", "kind": "model"}],
        )
    assert "What came of the artifact base, itself included:" in command("--artifact", "base")


def test_a_segment_asked_about_for_itself_brings_no_segment_before_it() -> None:
    before, after = make("before", ArtifactKind.SEGMENT), make("after", ArtifactKind.SEGMENT)
    edge(before, after, Relation.REDACTED_FROM)
    edge(before, make("model"), Relation.TRAINED_ON)
    assert names(document("--artifact", "after")["affected"]) == ["after"]


def test_an_ambiguous_name_is_refused_with_the_candidates() -> None:
    first = make("m1")
    second = make("m2", state="superseded")
    Artifact.objects.update(name="scorer")
    candidates = rf"2 artifacts .* scorer: {first.pk} \(model, current\), {second.pk} \(model, sup"
    with pytest.raises(CommandError, match=candidates):
        command("--artifact", "scorer")
    assert names(document("--artifact", str(first.pk))["affected"]) == ["scorer"]


def test_what_is_not_known_is_refused_by_name() -> None:
    shop()
    refused = {
        ("--record", "X-1"): "no record with the id X-1",
        ("--artifact", "nothing"): "no artifact with the id, identity or name nothing",
        ("--artifact", ""): "no artifact",
        ("--artifact", "9" * 30): "no artifact",
        (): "one of the arguments --email --record --artifact is required",
        ("--record", "A-1", "--artifact", "base"): "not allowed with argument",
    }
    for words, why in refused.items():
        with pytest.raises(CommandError, match=why):
            command(*words)


@pytest.mark.parametrize("words", [[], ["--email", ANN, "--record", "A-1"], ["--as-of", "x"]])
def test_the_console_script_wants_exactly_one_start(words: list[str]) -> None:
    found = CliRunner().invoke(main, ["trace", *words])
    assert found.exit_code == 2
    assert "one of --email, --record and --artifact" in found.output


def test_records_and_artifacts_are_traced_as_of_a_moment() -> None:
    there = shop()
    then = last_moment()
    trained_again(there)
    for words in (("--record", "A-1"), ("--artifact", "base")):
        assert "base" in names(document(*words, "--as-of", then)["affected"])
        assert "base" not in names(document(*words)["affected"])
    with pytest.raises(CommandError, match=f"name base-2 on record at {then[:19]}"):
        command("--artifact", "base-2", "--as-of", then)
    Artifact.objects.filter(pk=there.base.pk).update(name="renamed")
    assert names(document("--artifact", "base", "--as-of", then)["affected"])[0] == "base"


def test_a_difference_is_told_of_a_record_and_of_an_artifact() -> None:
    there = shop()
    then = last_moment()
    trained_again(there)
    late = make("late", ArtifactKind.FINE_TUNE)
    edge(there.tuned, late, Relation.FINE_TUNED_FROM)
    for words in (("--record", "A-1"), ("--artifact", "base")):
        found = document(*words, "--as-of", then, "--diff", "now")
        assert names(found["newly_affected"]) == ["late"]
        assert names(found["no_longer_affected"]) == ["base"]


def test_an_artifact_that_was_there_at_one_moment_only_can_be_compared() -> None:
    there = shop()
    then = last_moment()
    new = trained_again(there)
    came = document("--artifact", "base-2", "--as-of", then, "--diff", "now")
    assert (names(came["newly_affected"]), came["no_longer_affected"]) == (["base-2"], [])
    between = last_moment()
    new.derivations_in.all().delete()
    new.delete()
    went = document("--artifact", "base-2", "--as-of", between, "--diff", "now")
    assert (went["newly_affected"], names(went["no_longer_affected"])) == ([], ["base-2"])
    with pytest.raises(CommandError, match="no artifact"):
        command("--artifact", "base-3", "--as-of", then, "--diff", "now")


def test_a_person_is_traced_as_before() -> None:
    shop()
    who = subject_digest(ANN)
    assert trace(who) == trace(who)
    assert trace(OneArtifact(words="rows")).snapshot_hash == trace(who).snapshot_hash

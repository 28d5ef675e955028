"""One person's trace through every kind of artifact that the company has."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from governance.subjects import subject_digest
from lineage.capture.mlflow_state import SeenRegistered
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from lineage.selectors import find_gaps, impact_document, trace
from lineage.services import record_destruction, record_redaction, record_regeneration
from lineage.services.mlflow import record_state
from tests.lineage import company

pytestmark = pytest.mark.django_db

#: Everything that holds or inherited Ann's records: kind, influence, certainty.
ANNS = {
    "adult-v1@1/segment-0000.csv": ("segment", "content", "certain"),
    "adult-v2@1/segment-0000.csv": ("segment", "content", "certain"),
    "digits-v1@1/segment-0000.csv": ("segment", "content", "certain"),
    "digits-eval@1/segment-0000.csv": ("segment", "content", "certain"),
    "income-monolithic-log@1/segment-0000.csv": ("segment", "content", "certain"),
    "adult-features@1/segment-0000.csv": ("segment", "content", "certain"),
    "crm@1/segment-0000.csv": ("segment", "content", "certain"),
    "help-desk@1/segment-0000.csv": ("segment", "content", "certain"),
    "crm@1": ("source", "content", "certain"),
    "help-desk@1": ("retrieval_corpus", "content", "certain"),
    "adult-v1@1": ("dataset_version", "content", "certain"),
    "adult-v2@1": ("dataset_version", "content", "certain"),
    "digits-v1@1": ("dataset_version", "content", "certain"),
    "digits-eval@1": ("evaluation_set", "content", "certain"),
    "income-monolithic-log@1": ("log", "content", "certain"),
    "adult-features@1": ("cache", "content", "certain"),
    "Lakeside Insights": ("recipient", "content", "certain"),
    "sisa v1": ("model", "weights", "certain"),
    "monolithic v1": ("model", "weights", "certain"),
    "segments v1": ("model", "weights", "certain"),
    "generator v1": ("model", "weights", "certain"),
    "fine-tune v1": ("fine_tune", "weights", "certain"),
    "student v1": ("distilled", "weights", "certain"),
    "reward v1": ("reward_model", "weights", "certain"),
    "adapter v1": ("adapter", "weights", "certain"),
    "merged v1": ("merged", "weights", "certain"),
    "quantized v1": ("quantized", "weights", "certain"),
    "index v1": ("embedding_index", "content weights", "certain"),
    "adult-synthetic@1": ("synthetic_dataset", "content", "possible"),
    "on-synthetic v1": ("model", "weights", "possible"),
    "digits v1": ("model", "weights selection", "certain"),
    "digits-epoch-2": ("checkpoint", "weights selection", "certain"),
    "offer-desk": ("product", "exposure", "certain"),
    "digit-reader": ("product", "exposure", "certain"),
}
#: Eve only judged the monolithic model, and whatever came of it was only chosen with her record.
EVES_INCOME_MODELS = {
    "sisa v1": ("model", "weights selection", "certain"),
    "monolithic v1": ("model", "selection", "certain"),
    "fine-tune v1": ("fine_tune", "weights selection", "certain"),
    "student v1": ("distilled", "selection", "certain"),
    "index v1": ("embedding_index", "selection", "certain"),
}


def affected(email: str) -> dict[str, tuple[str, str, str]]:
    return {
        item.node.name: (item.node.kind.value, " ".join(item.influence), item.certainty)
        for item in trace(subject_digest(email)).affected
    }


def artifact(name: str) -> Artifact:
    return Artifact.objects.get(name=name)


def test_a_trace_lists_every_kind_of_artifact_with_influence_and_certainty(tmp_path: Path) -> None:
    company.build(tmp_path)
    assert affected(company.ANN) == ANNS
    assert {kind for kind, _, _ in ANNS.values()} <= {kind.value for kind in ArtifactKind}
    impact = trace(subject_digest(company.ANN))
    assert (impact.complete, impact.reasons, find_gaps()) == (True, (), ())
    assert len(impact.records) == 8


def test_a_person_who_only_judged_a_model_is_not_in_its_weights(tmp_path: Path) -> None:
    company.build(tmp_path)
    found = affected(company.EVE)
    income = {"sisa v1", "monolithic v1", "fine-tune v1", "student v1", "index v1"}
    assert {name: found[name] for name in income} == EVES_INCOME_MODELS
    unreached = {"generator v1", "adult-synthetic@1", "on-synthetic v1", "segments v1"}
    assert not unreached & set(found)
    assert not {"income-monolithic-log@1", "adult-features@1", "adult-v1@1"} & set(found)


def test_the_document_repeats_what_owners_say_and_whom_to_tell(tmp_path: Path) -> None:
    company.build(tmp_path)
    document = impact_document(trace(subject_digest(company.ANN)))
    items = {item["name"]: item for item in document["affected"]}
    assert items["digits-v1@1"]["description"] == company.MADE_UP
    assert items["adult-v1@1"]["description"] == ""
    assert items["Lakeside Insights"]["contact"] == "mailto:privacy@lakeside.example"
    assert items["offer-desk"]["contact"] == ""


def test_once_everything_was_treated_only_the_recipient_is_left(tmp_path: Path) -> None:
    company.build(tmp_path)
    for name in ("adult-features@1", "digits-epoch-2"):
        record_destruction(
            artifact_id=artifact(name).pk, receipts=[{"location": artifact(name).location}]
        )
    for name, people in company.PEOPLE.items():
        if company.ANN in people and name != "adult-features":
            company.write_rows(tmp_path / name, tuple(who for who in people if who != company.ANN))
            record_redaction(dataset_version_id=artifact(f"{name}@1").pk)
    replaced = {name: timezone.now() for name in company.READS if name != "on-synthetic"}
    record_state(company.state(tmp_path, replaced=replaced))
    company.write_synthetic(tmp_path, "41,0")
    record_regeneration(
        dataset_id=artifact("adult-synthetic@1").pk, generator_id=artifact("generator v2").pk
    )
    replaced["on-synthetic"] = timezone.now()
    record_state(company.state(tmp_path, replaced=replaced))
    assert affected(company.ANN) == {"Lakeside Insights": ANNS["Lakeside Insights"]}
    assert trace(subject_digest(company.ANN)).complete
    assert find_gaps() == ()
    bobs = affected(company.BOB)
    assert bobs["on-synthetic v2"] == ("model", "weights", "possible")
    assert bobs["student v2"] == ("distilled", "weights", "certain")
    assert bobs["quantized v2"] == ("quantized", "weights", "certain")
    assert bobs["offer-desk"] == ("product", "exposure", "certain")
    assert not [name for name in bobs if name.endswith(" v1")]


def test_a_product_answers_from_the_corpus_as_it_is_now(tmp_path: Path) -> None:
    company.build(tmp_path)
    company.write_rows(tmp_path / "help-desk", (company.BOB,))
    redacted = record_redaction(dataset_version_id=artifact("help-desk@1").pk)
    record_state(replace(company.state(tmp_path), observed_at=timezone.now()))

    held = Derivation.objects.filter(relation=Relation.RETRIEVES_FROM)
    assert [edge.upstream for edge in held.filter(ended_at=None)] == [redacted]
    assert [edge.upstream.name for edge in held.exclude(ended_at=None)] == ["help-desk@1"]


def test_a_product_that_looks_nothing_up_any_more_exposes_it_no_longer(tmp_path: Path) -> None:
    company.build(tmp_path)
    state = company.state(tmp_path)
    tags = {"vestige.endpoint": "http://127.0.0.1/offer-desk", "vestige.product": "offer-desk"}
    later = state.observed_at + timedelta(hours=1)
    record_state(
        replace(state, observed_at=later, registered=(SeenRegistered(name="sisa", tags=tags),))
    )
    record_state(state)  # an older look that arrives late

    assert not Derivation.objects.filter(relation=Relation.RETRIEVES_FROM, ended_at=None).exists()


def test_a_corpus_that_nobody_described_is_a_gap_of_the_product(tmp_path: Path) -> None:
    company.build(tmp_path)
    state = company.state(tmp_path)
    tags = {**state.registered[0].tags, "vestige.retrieves_from": "file:///elsewhere/pages"}
    later = state.observed_at + timedelta(hours=1)
    told = replace(state, observed_at=later, registered=(SeenRegistered(name="sisa", tags=tags),))
    for _ in range(2):
        record_state(told)

    [gap] = find_gaps()
    assert (gap.rule, gap.artifact) == ("dataset_without_subject_index", "file:///elsewhere/pages")
    assert not trace(subject_digest(company.ANN)).complete

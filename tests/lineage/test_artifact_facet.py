"""What an owner says of a dataset: every kind, every part, and what is wrong with a part."""

from typing import Any

import pytest

from lineage.capture.artifact_facet import read_artifact_facet
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Derivation, LineageEvent
from lineage.selectors import contact_of, find_gaps, locations_of, synthesis_of
from lineage.services import receive_event
from tests.lineage.company import FACET, Json

pytestmark = pytest.mark.django_db
SYNTHESIS = {"model": "m-1", "recipe": "shop:Sampling", "params": {"rows": "9"}, "seed": 3}


def event(says: object, *, side: str = "outputs", **facets: Any) -> Json:  # noqa: ANN401 - any JSON
    facets["vestige_artifact"] = says
    spoken = {"namespace": "shop", "name": "spoken of", "facets": facets}
    other = {"namespace": "shop", "name": "other"}
    sides = {"inputs": [other], "outputs": [other]} | {side: [spoken]}
    return {
        "eventTime": "2026-11-01T10:00:00Z",
        "producer": "https://example.org/pipeline",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        "job": {"namespace": "shop", "name": "prepare"},
        **sides,
    }


def spoken_of() -> Artifact:
    return Artifact.objects.get(identity="dataset:shop/spoken of@unversioned")


@pytest.mark.parametrize(
    ("kind", "relation"),
    [
        ("dataset_version", "derived_from"),
        ("evaluation_set", "derived_from"),
        ("synthetic_dataset", "derived_from"),
        ("retrieval_corpus", "derived_from"),
        ("source", "derived_from"),
        ("log", "logged_in"),
        ("cache", "cached_in"),
        ("recipient", "copied_to"),
    ],
)
def test_the_kind_decides_what_the_edge_from_each_input_is(kind: str, relation: str) -> None:
    assert receive_event(event=event({**FACET, "kind": kind})).warnings == ()
    assert spoken_of().kind == kind
    assert [edge.relation for edge in Derivation.objects.all()] == [relation]


@pytest.mark.parametrize("first", ["source", "edge"])
def test_what_is_copied_out_of_a_source_is_extracted_from_it_whenever_it_is_said(
    first: str,
) -> None:
    says = {**FACET, "kind": "source"}
    told = [event(says, side="inputs"), event(None, side="inputs")]
    del told[1]["inputs"][0]["facets"]
    for body in told if first == "source" else reversed(told):
        assert receive_event(event=body).warnings == ()

    [edge] = Derivation.objects.all()
    assert (edge.relation, edge.upstream) == ("extracted_from", spoken_of())


def test_a_log_of_a_source_stays_a_log() -> None:
    body = event({**FACET, "kind": "source"}, side="inputs")
    body["outputs"][0]["facets"] = {"vestige_artifact": {**FACET, "kind": "log"}}
    receive_event(event=body)

    assert [edge.relation for edge in Derivation.objects.all()] == ["logged_in"]


def test_a_source_whose_rows_nobody_read_is_a_gap_and_blocks_nothing() -> None:
    receive_event(event=event({**FACET, "kind": "source"}, side="inputs"))

    gaps = {(gap.rule, gap.artifact) for gap in find_gaps()}
    assert ("dataset_without_subject_index", "spoken of") in gaps


def test_the_owners_words_places_and_contact_are_kept() -> None:
    says = {
        **FACET,
        "kind": "recipient",
        "displayName": " Lakeside Insights ",
        "contact": "mailto:privacy@lakeside.example",
        "copies": ["/srv/copy/", "s3://bucket/copy"],
    }
    documentation = {**FACET, "description": "Sent every month."}
    place = {**FACET, "name": "x", "uri": "file:///lakeside/"}
    receive_event(event=event(says, documentation=documentation, dataSource=place))
    found = spoken_of()
    contact = contact_of(found.pk)
    assert contact is not None
    assert (contact.name, contact.address) == (
        "Lakeside Insights",
        "mailto:privacy@lakeside.example",
    )
    assert found.attributes["description"] == "Sent every month."
    assert locations_of(found.pk) == (
        "file:///lakeside",
        "file:///srv/copy",
        "s3://bucket/copy",
    )


def test_a_synthetic_dataset_names_its_generator_on_either_side_of_a_job() -> None:
    says = {**FACET, "kind": "synthetic_dataset", "synthesis": SYNTHESIS | {"policy": "delete"}}
    receive_event(event=event(says, side="inputs"))
    (edge,) = Derivation.objects.filter(relation="synthesized_by")
    assert (edge.upstream.identity, edge.downstream) == ("mlflow-model:m-1", spoken_of())
    synthesis = synthesis_of(spoken_of().pk)
    assert synthesis is not None
    assert (synthesis.recipe, synthesis.params, synthesis.seed, synthesis.policy) == (
        "shop:Sampling",
        {"rows": "9"},
        3,
        "delete",
    )
    assert synthesis.generator == edge.upstream_id
    assert synthesis_of(edge.upstream_id) is None


@pytest.mark.parametrize(
    ("says", "places"),
    [
        ({"kind": "spreadsheet"}, ["/kind"]),
        ({"kind": ["log"]}, ["/kind"]),
        ({}, ["/kind"]),
        ({"kind": "log", "copies": "file:///x"}, ["/copies"]),
        ({"kind": "log", "copies": ["somewhere"]}, ["/copies"]),
        ({"kind": "log", "displayName": 7}, ["/displayName"]),
        ({"kind": "recipient", "contact": "privacy@lakeside.example"}, ["/contact"]),
        ({"kind": "recipient", "contact": "mailto:a@b.org\nBcc: c@d.org"}, ["/contact"]),
        ({"kind": "recipient", "contact": "mailto:a@b.org,c@d.org"}, ["/contact"]),
        ({"kind": "synthetic_dataset", "synthesis": "m-1"}, ["/synthesis"]),
        ({"kind": "synthetic_dataset", "synthesis": {"seed": 1}}, ["/synthesis/model"]),
        (
            {
                "kind": "synthetic_dataset",
                "synthesis": {"model": "", "recipe": 1, "params": {"a": 1}, "seed": True}
                | {"policy": "ask"},
            },
            [f"/synthesis/{key}" for key in ("model", "recipe", "params", "seed", "policy")],
        ),
    ],
)
def test_an_unusable_part_is_named_by_its_place_and_the_event_is_still_taken(
    says: Json, places: list[str]
) -> None:
    warnings = receive_event(event=event(FACET | says)).warnings
    start = "/outputs/0/facets/vestige_artifact"
    assert sorted(warning.split(":")[0] for warning in warnings) == sorted(
        start + place for place in places
    )
    assert LineageEvent.objects.get().warnings == list(warnings)
    assert spoken_of().kind == says.get("kind") or places == ["/kind"]


def test_a_warning_names_the_dataset_of_a_dataset_event() -> None:
    body = event(None) | {"dataset": {"namespace": "shop", "name": "x"}}
    body["dataset"]["facets"] = {"vestige_artifact": FACET}
    for key in ("job", "inputs", "outputs"):
        del body[key]
    (warning,) = receive_event(event=body).warnings
    assert warning == "/dataset/facets/vestige_artifact/kind: unusable; it is missing."


def test_the_rest_of_a_facet_counts_where_one_part_is_unusable() -> None:
    says = read_artifact_facet(
        {"kind": "synthetic_dataset", "synthesis": {"model": "m-1", "policy": "ask"}}
    )
    assert says.kind is ArtifactKind.SYNTHETIC_DATASET
    assert says.synthesis == {
        "generator": "mlflow-model:m-1",
        "recipe": "",
        "params": {},
        "seed": 0,
        "policy": "regenerate",
    }


def test_what_cannot_be_read_of_copies_and_generators_is_a_gap() -> None:
    receive_event(event=event({**FACET, "kind": "synthetic_dataset", "copies": 4}))
    rules = {gap.rule for gap in find_gaps() if gap.artifact == "spoken of"}
    assert rules == {"synthetic_without_generator", "copies_unreadable"}


def test_a_facet_that_was_taken_away_says_nothing() -> None:
    receive_event(event=event({**FACET, "_deleted": True, "kind": "log"}))
    assert spoken_of().kind == ArtifactKind.DATASET_VERSION


def test_a_recipient_or_synthetic_dataset_with_a_record_index_is_told_that_it_is_not_read() -> None:
    index = {**FACET, "format": "csv", "subjectColumns": ["email"], "recordIdColumn": "row_id"}
    for kind in ("recipient", "synthetic_dataset"):
        body = event({**FACET, "kind": kind}, vestige_recordIndex=index)
        (warning,) = receive_event(event=body).warnings
        assert warning.startswith("/outputs/0/facets/vestige_recordIndex: unused")


def test_an_address_too_long_to_be_noted_is_refused_with_its_limit() -> None:
    address = f"https://lakeside.example/{'a' * 500}"
    says = {**FACET, "kind": "recipient", "contact": address}
    (warning,) = receive_event(event=event(says)).warnings
    assert "/contact: unusable" in warning
    assert "at most 500 characters" in warning
    assert contact_of(spoken_of().pk) is None

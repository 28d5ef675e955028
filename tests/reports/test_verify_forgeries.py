"""Exports that were changed with care: the parts still contradict the record or the key."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from reports import statement as parts
from reports.pdf import report_pdf
from reports.rendering import canonical_json
from tests.reports.forging import Change, forge, resign, sign
from vestige.verify import Status, Verdict, verify_export

pytestmark = pytest.mark.django_db


def rename_the_organisation(document: dict[str, Any]) -> None:
    document["report"]["organisation"] = "Somebody Else"


def test_a_forged_export_with_its_own_key_fails_against_the_true_key(
    export: Path, key: Path
) -> None:
    forge(export, rename_the_organisation)
    verdict = verify_export(export, key)
    assert (verdict.status, verdict.exit_status) == (Status.BROKEN, 1)
    assert any("another key as its signer" in problem for problem in verdict.problems)
    assert verify_export(export, None).status is Status.UNTRUSTED
    assert verify_export(export, export / parts.PUBLIC_KEY).status is Status.UNTRUSTED


def test_the_true_key_packed_into_a_forgery_does_not_help_it(export: Path, key: Path) -> None:
    forge(export, rename_the_organisation)
    shutil.copy(key, export / parts.PUBLIC_KEY)
    resign(export)
    assert verify_export(export, key).status is Status.BROKEN
    assert verify_export(export, None).status is Status.BROKEN


def upgrade_a_claim(document: dict[str, Any]) -> None:
    for claim in document["claims"]:
        if claim["verb"] == "suppressed":
            claim["verb"] = "influence removed"


def upgrade_the_headline(document: dict[str, Any]) -> None:
    document["headline"] = "Every affected artifact that the trace found was treated by removal."


def drop_a_limit(document: dict[str, Any]) -> None:
    document["claims"][0]["limits"].pop()


def hide_the_weakest(document: dict[str, Any]) -> None:
    document["weakest"] = "influence removed"


def drop_evidence(document: dict[str, Any]) -> None:
    document["evidence"].pop()


def invent_evidence(document: dict[str, Any]) -> None:
    document["actions"][0]["evidence"][0]["summary"] = "Something better."
    document["claims"][0]["evidence"][0]["summary"] = "Something better."


def lose_the_actions(document: dict[str, Any]) -> None:
    del document["actions"]


def forget_an_affected_artifact(document: dict[str, Any]) -> None:
    lost = document["actions"].pop(0)
    document["claims"].pop(0)
    document["evidence"] = [
        e for e in document["evidence"] if e["artifact"] != lost["artifact_name"]
    ]


def keep_a_failed_finding_from_the_claim(document: dict[str, Any]) -> None:
    for part in (document["actions"], document["claims"]):
        part[3]["evidence"] = [e for e in part[3]["evidence"] if e["kind"] != "time_ratio"]


def claim_it_for_another_digest(document: dict[str, Any]) -> None:
    other = "sha256:" + "9" * 64
    claim, action = document["claims"][1], document["actions"][1]
    claim["sentence"] = claim["sentence"].replace(action["new_digest"], other)
    claim["digest"] = action["new_digest"] = other


def later(document: dict[str, Any], **values: object) -> None:
    """Let the closing trace find one thing more: by default the first one that was treated."""
    found = document["trace"]["affected"]
    again = next(item for item in found if item["kind"] == values.get("kind", item["kind"]))
    document["closing_trace"]["affected"].append({**again, **values})


def deny_a_model_that_the_closing_trace_found(document: dict[str, Any]) -> None:
    later(document, kind="model", name="later-net", digest="sha256:1")


def deny_a_dataset_that_the_closing_trace_found(document: dict[str, Any]) -> None:
    later(document, kind="dataset_version", name="adult@2", digest="sha256:2")


def deny_that_the_rows_are_still_there(document: dict[str, Any]) -> None:
    later(document, kind="dataset_version")


def deny_that_the_new_model_was_found(document: dict[str, Any]) -> None:
    [action] = [a for a in document["actions"] if a["artifact_name"] == "income-sisa"]
    again = {"digest": action["new_digest"], "influence": ["content"]}
    later(document, kind="model", name="income-sisa 2", **again)


def speak_of_another_version(document: dict[str, Any]) -> None:
    document["actions"][5]["artifact_digest"] = "sha256:" + "7" * 64


def hide_an_ancestor(document: dict[str, Any]) -> None:
    [action] = [a for a in document["actions"] if a["artifact_name"] == "income-tuned"]
    action["inherits"] = []


def invent_equal_rows(document: dict[str, Any]) -> None:
    document["actions"][1]["same_content"] = 5


def hide_undecided_rows(document: dict[str, Any]) -> None:
    document["trace"]["undecided_duplicates"] = 2


def name_another_signer(document: dict[str, Any]) -> None:
    document["report"]["signer"] = "0" * 64


@pytest.mark.parametrize(
    "change",
    [
        upgrade_a_claim,
        upgrade_the_headline,
        drop_a_limit,
        hide_the_weakest,
        drop_evidence,
        invent_evidence,
        lose_the_actions,
    ],
)
def test_even_the_signer_cannot_claim_more_than_the_evidence_carries(
    export: Path, change: Change
) -> None:
    forge(export, change)
    verdict: Verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert any(problem.startswith(f"{parts.REPORT}: ") for problem in verdict.problems)


@pytest.mark.parametrize("part", [parts.REPORT, parts.LEDGER])
@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"a":1}', "[[[", '{"actions":[1]}'])
def test_a_part_of_any_other_shape_is_broken_not_a_crash(
    export: Path, part: str, content: str
) -> None:
    (export / part).write_text(content)
    resign(export)
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert any(problem.startswith(f"{part}: ") for problem in verdict.problems)


def test_a_statement_that_covers_something_else_is_refused(export: Path) -> None:
    forge(export, rename_the_organisation)
    envelope = json.loads((export / parts.STATEMENT).read_bytes())
    stated = json.loads(base64.b64decode(envelope["payload"]))
    for change in (
        {"subject": stated["subject"][:1]},
        {"predicateType": "urn:other"},
        {"_type": "urn:other"},
    ):
        sign(export, {**stated, **change})
        [problem] = verify_export(export, None).problems
        assert problem.startswith(f"{parts.STATEMENT}: it ")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (forget_an_affected_artifact, "it claims nothing on income, which its trace found."),
        (
            keep_a_failed_finding_from_the_claim,
            "its claims do not cite exactly the evidence in data/evidence/.",
        ),
        (claim_it_for_another_digest, "the replay of income-sisa was of another digest."),
        (
            deny_a_model_that_the_closing_trace_found,
            "it claims nothing on later-net, which its closing trace found.",
        ),
        (
            deny_a_dataset_that_the_closing_trace_found,
            "it claims nothing on adult@2, which its closing trace found.",
        ),
        (
            deny_that_the_rows_are_still_there,
            "it leaves out that its closing trace still found adult@1.",
        ),
        (
            deny_that_the_new_model_was_found,
            "it leaves out that its closing trace still found income-sisa 2.",
        ),
        (
            speak_of_another_version,
            "it speaks of adult@1 with a digest that no trace found.",
        ),
        (hide_an_ancestor, "it leaves out that income-tuned was made from income-net."),
        (invent_equal_rows, "it counts the equal rows of others wrongly at income-sisa."),
        (hide_undecided_rows, "it counts the undecided rows wrongly at income-sisa."),
        (name_another_signer, "it names another key as its signer."),
    ],
)
def test_the_parts_of_an_export_must_tell_one_story(
    export: Path, change: Change, sentence: str
) -> None:
    forge(export, change)
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert f"{parts.REPORT}: {sentence}" in verdict.problems


def test_pages_that_say_something_else_are_found(export: Path) -> None:
    forge(export, rename_the_organisation)
    document = json.loads((export / parts.REPORT).read_bytes())
    document["headline"] = "Everything was removed."
    (export / parts.PDF).write_bytes(report_pdf(document, canonical_json(document)))
    resign(export)
    problems = verify_export(export, None).problems
    assert f"{parts.PDF}: It lacks the headline." in problems


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        ('">suppressed</span>', '">influence removed</span>'),
        (
            "These artifacts still hold the records or may carry their influence:",
            "These artifacts do not hold the records:",
        ),
        ("</article>", "<p>The customer data have been destroyed at every location.</p></article>"),
        ("</style>", ".r-headline p { font-size: 0 }</style>"),
    ],
)
def test_a_page_for_reading_that_was_changed_is_found(
    export: Path, shown: str, instead: str
) -> None:
    forge(export, rename_the_organisation)
    html = (export / parts.HTML).read_text()
    assert shown in html
    (export / parts.HTML).write_text(html.replace(shown, instead))
    resign(export)
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert all(problem.startswith(f"{parts.HTML}: It ") for problem in verdict.problems)

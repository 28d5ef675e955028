"""Every section of a report that follows from the others is derived again, and none may differ."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports import statement as parts
from reports.rendering import canonical_json
from reports.sections import derived_sections
from tests.reports.forging import Change, forge, resign
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db
SECTIONS = sorted(
    derived_sections(
        actions=(),
        findings=(),
        trace={
            "complete": True,
            "reasons": [],
            "affected": [],
            "gaps": [],
            "datasets_examined": 0,
        },
        closing_trace=None,
    )
)


def emptied(value: object) -> object:
    """The same shape with nothing in it, or with something where there was nothing."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "Nothing to see."
    return [] if value else [{"words": "Nothing to see."}]


@pytest.mark.parametrize("section", SECTIONS)
def test_no_section_can_be_emptied_or_filled(export: Path, section: str) -> None:
    """Signed with the key it is checked with; the pages are not even written anew."""
    document = json.loads((export / parts.REPORT).read_bytes())
    document[section] = emptied(document[section])
    (export / parts.REPORT).write_bytes(canonical_json(document))
    resign(export)
    words = section.replace("_", " ")
    problems = verify_export(export, None).problems
    sentence = f'{parts.REPORT}: its section "{words}" does not follow from its record.'
    # A list of findings that is not the one in the files is looked up in them first.
    missing = section == "evidence" and any("is no part of a report" in p for p in problems)
    assert sentence in problems or missing


def bury_a_receipt(document: dict[str, Any]) -> None:
    document["destructions"].clear()


def flatter_the_attack(document: dict[str, Any]) -> None:
    document["membership"][0]["after"] = "0.500 (0.499 to 0.501)"


def better_a_measure(document: dict[str, Any]) -> None:
    document["measurements"][0]["after"] = 0.0


def calm_the_reader(document: dict[str, Any]) -> None:
    document["residual_risk"] = ["None worth mentioning."]


def praise_the_baseline(document: dict[str, Any]) -> None:
    document["baseline"] = "Everything was compared with full retraining."


def acknowledge_for_a_recipient(document: dict[str, Any]) -> None:
    document["recipients"][0]["acknowledged"] = "It said that every copy is gone."


def hide_an_artifact_from_the_list(document: dict[str, Any]) -> None:
    document["affected_artifacts"].pop()


def forget_a_limit(document: dict[str, Any]) -> None:
    document["not_guaranteed"].pop()


def examine_everything(document: dict[str, Any]) -> None:
    document["not_examined"].pop(0)


def weaken_a_threat(document: dict[str, Any]) -> None:
    document["threat_model"][0]["known_failures"] = "None."


def rename_the_operation(document: dict[str, Any]) -> None:
    document["actions"][0]["operation"] = "source records deleted"


@pytest.mark.parametrize(
    ("change", "section"),
    [
        (bury_a_receipt, "destructions"),
        (flatter_the_attack, "membership"),
        (better_a_measure, "measurements"),
        (calm_the_reader, "residual risk"),
        (praise_the_baseline, "baseline"),
        (acknowledge_for_a_recipient, "recipients"),
        (hide_an_artifact_from_the_list, "affected artifacts"),
        (forget_a_limit, "not guaranteed"),
        (examine_everything, "not examined"),
        (weaken_a_threat, "threat model"),
        (rename_the_operation, "actions"),
    ],
)
def test_one_changed_word_in_a_section_is_found(export: Path, change: Change, section: str) -> None:
    forge(export, change)
    assert verify_export(export, None).problems == (
        f'{parts.REPORT}: its section "{section}" does not follow from its record.',
    )


def put_off_the_deadline(document: dict[str, Any]) -> None:
    document["request"]["clock"]["due_on"] = "2027-06-30"


def receive_it_later(document: dict[str, Any]) -> None:
    document["request"]["clock"]["events"][0]["occurred_at"] = "2027-02-20T09:30:00+00:00"


def follow_another_rule(document: dict[str, Any]) -> None:
    document["request"]["clock"]["source"] = "House rules"


@pytest.mark.parametrize("change", [put_off_the_deadline, receive_it_later, follow_another_rule])
def test_the_last_day_to_answer_follows_from_the_clocks_events(
    export: Path, change: Change
) -> None:
    forge(export, change)
    assert verify_export(export, None).problems == (
        f"{parts.REPORT}: its clock is not what the rule makes of its events.",
    )


def name_another_regime(document: dict[str, Any]) -> None:
    document["request"]["regime_name"] = "No regime"


def test_the_regime_is_named_as_its_rule_names_it(export: Path) -> None:
    forge(export, name_another_regime)
    assert verify_export(export, None).problems == (
        f"{parts.REPORT}: it names another regime than its request's.",
    )


def test_a_file_that_is_no_part_of_a_report_is_named(export: Path) -> None:
    forge(export)
    (export / parts.EVIDENCE / "000000-all_erased.json").write_text("{}")
    resign(export)
    assert verify_export(export, None).problems == (
        f"{parts.EVIDENCE}/000000-all_erased.json: it is no part of a report.",
    )


@pytest.mark.parametrize("name", [parts.BAG_INFO, parts.STATEMENT])
def test_what_is_said_of_the_report_outside_it_is_said_of_this_report(
    export: Path, name: str
) -> None:
    forge(export)
    document = json.loads((export / parts.REPORT).read_bytes())
    document["request"]["reference"] = "VR-2026-000043"
    kept = (export / parts.REPORT).read_bytes()
    (export / parts.REPORT).write_bytes(canonical_json(document))
    resign(export)
    (export / parts.REPORT).write_bytes(kept)
    problems = verify_export(export, None).problems
    assert f"{name}: it {'describes' if name == parts.BAG_INFO else 'names'} another report." in (
        problems
    )


def test_an_export_that_only_changed_hands_still_fits(export: Path) -> None:
    """The forger's own work, where nothing is changed, is consistent: the tests above mean it."""
    forge(export)
    assert verify_export(export, None).status is Status.UNTRUSTED

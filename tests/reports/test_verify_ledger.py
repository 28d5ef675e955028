"""Exports whose report says something else than the ledger entries that travel with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports import statement as parts
from reports.rendering import canonical_json
from tests.reports.forging import Change, Edit, Entry, forge, leave, resign, without
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db
TRACED = "its closing trace is missing, in it or in its ledger entries."
UNAPPROVED = "its approvals are not two that the ledger holds for this plan."
NOT_DONE_SO = "what it says was done are not the steps of its plan."


def edited(kind: str, **values: object) -> Edit:
    """The ledger says something else of what happened."""

    def edit(entries: list[Entry]) -> None:
        [entry] = [entry for entry in entries if entry["kind"] == kind]
        entry["payload"] |= values

    return edit


def no_plan(document: dict[str, Any]) -> None:
    document["plan"] = None


def no_plan_and_no_approvals(document: dict[str, Any]) -> None:
    no_plan(document)
    document["approvals"] = []
    document["plan_steps"] = []


def approved_alone(document: dict[str, Any]) -> None:
    document["approvals"].pop()


def approved_by_somebody_else(document: dict[str, Any]) -> None:
    document["approvals"][0]["officer"] = "sam"


def approved_in_another_role(document: dict[str, Any]) -> None:
    document["approvals"][0]["roles"] = ["Data protection officer"]


def approved_earlier(document: dict[str, Any]) -> None:
    document["approvals"][0]["approved_at"] = "2026-11-19T09:30:00+00:00"


def approved_by_no_author(document: dict[str, Any]) -> None:
    document["approvals"][0]["is_author"] = False


def another_author(document: dict[str, Any]) -> None:
    document["plan"]["author"] = "sam"


def another_plan(document: dict[str, Any]) -> None:
    document["plan"]["digest"] = "1" * 64


def cheaper_step(document: dict[str, Any]) -> None:
    document["plan_steps"][0]["cost_seconds"] = 0.1


def better_reason(document: dict[str, Any]) -> None:
    document["plan_steps"][0]["reason"] = "It is the best of all."


def nothing_uncovered(document: dict[str, Any]) -> None:
    document["plan"]["uncovered"].append({"artifact": "x", "artifact_id": 1, "reason": "None."})


def undone_step(document: dict[str, Any]) -> None:
    document["plan_steps"][0]["state"] = "failed"


def another_method(document: dict[str, Any]) -> None:
    for part in (document["actions"], document["plan_steps"]):
        part[1]["method"] = "retrain_from_clean_ancestor"


def another_method_claimed(document: dict[str, Any]) -> None:
    document["actions"][1]["method"] = "retrain_from_clean_ancestor"


def another_digest(document: dict[str, Any]) -> None:
    document["actions"][4]["new_digest"] = "sha256:" + "9" * 64


def run_on_record(document: dict[str, Any]) -> None:
    document["actions"][0]["run_recorded"] = False


def another_first_trace(document: dict[str, Any]) -> None:
    document["trace"]["snapshot_hash"] = "0" * 64


def another_path(document: dict[str, Any]) -> None:
    document["trace"]["affected"][0]["path"] = ["nowhere"]


def fewer_records(document: dict[str, Any]) -> None:
    document["trace"]["records_found"] = 0


def closing_trace_of_something_else(document: dict[str, Any]) -> None:
    document["closing_trace"]["affected"][0]["influence"] = ["selection"]


def no_closing_trace(document: dict[str, Any]) -> None:
    document["closing_trace"] = None


def another_reference(document: dict[str, Any]) -> None:
    document["request"]["reference"] = "VR-2026-000043"


def another_regime(document: dict[str, Any]) -> None:
    document["request"]["regime"] = "ccpa"


def another_request(document: dict[str, Any]) -> None:
    document["request"]["id"] = "3f2c0000-0000-4000-8000-000000000000"


def another_origin(document: dict[str, Any]) -> None:
    document["ledger"]["origin"] = "elsewhere.example/ledger"


def another_size(document: dict[str, Any]) -> None:
    document["ledger"]["size"] += 1


def another_root(document: dict[str, Any]) -> None:
    document["ledger"]["root"] = "0" * 64


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (no_plan, "it has no plan, but actions."),
        (no_plan_and_no_approvals, "it has no plan, but evidence."),
        (approved_alone, UNAPPROVED),
        (approved_by_somebody_else, UNAPPROVED),
        (approved_in_another_role, "the approval of pat is not as the ledger holds it."),
        (approved_earlier, "the approval of pat is not as the ledger holds it."),
        (approved_by_no_author, "the approval of pat is not as the ledger holds it."),
        (another_author, "its plan is not one that the ledger holds."),
        (another_plan, "its plan is not one that the ledger holds."),
        (cheaper_step, "its plan steps are not those that were drafted for approval."),
        (better_reason, "its plan steps are not those that were drafted for approval."),
        (nothing_uncovered, "its plan steps are not those that were drafted for approval."),
        (undone_step, "the ledger says something else of its step 1."),
        (another_method, "the ledger says something else of its step 2."),
        (another_method_claimed, NOT_DONE_SO),
        (another_digest, "the ledger says something else of its step 5."),
        (run_on_record, "the ledger says something else of its step 1."),
        (another_first_trace, "its initial trace is not the one in the ledger."),
        (another_path, "its initial trace is not the one in the ledger."),
        (fewer_records, "its initial trace is not the one in the ledger."),
        (closing_trace_of_something_else, "its closing trace is not the one in the ledger."),
        (no_closing_trace, TRACED),
        (another_reference, "its request is not the one that the ledger received."),
        (another_regime, "its request is not the one that the ledger received."),
        (another_request, "the ledger's entry 0 is about something else."),
        (another_origin, "the head of the ledger that it names is not the one that it was signed"),
        (another_size, "the head of the ledger that it names is not the one that it was signed"),
        (another_root, "the head of the ledger that it names is not the one that it was signed"),
    ],
)
def test_a_report_that_differs_from_its_ledger_is_broken(
    export: Path, change: Change, sentence: str
) -> None:
    forge(export, change)
    assert_says(export, sentence)


@pytest.mark.parametrize(
    ("kinds", "change", "sentence"),
    [
        (
            ("trace.initial",),
            leave,
            "its initial trace is missing, in it or in its ledger entries.",
        ),
        (("trace.closing",), leave, TRACED),
        (("trace.closing",), no_closing_trace, TRACED),
        (("plan.drafted",), leave, "its plan is not one that the ledger holds."),
        (("plan.promoted",), leave, "the ledger does not hold that its plan was carried out."),
        (("step.done",), leave, "the ledger says something else of its step 1."),
        (("request.approval",), leave, UNAPPROVED),
        (("request.received",), leave, "its request is not the one that the ledger received."),
        (
            ("request.approval", "plan.promoted", "recipient.acknowledged"),
            no_plan_and_no_approvals,
            "it has no plan, but actions.",
        ),
    ],
)
def test_entries_that_a_report_rests_on_cannot_be_left_out(
    export: Path, kinds: tuple[str, ...], change: Change, sentence: str
) -> None:
    forge(export, change, edit=without(*kinds))
    assert_says(export, sentence)


def assert_says(export: Path, sentence: str) -> None:
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert any(p.startswith(f"{parts.REPORT}: {sentence}") for p in verdict.problems), verdict


def relabel(export: Path, name: str, **values: str) -> Change:
    """Change a finding everywhere: in its file, in the report and where its claim cites it."""
    [path] = (export / parts.EVIDENCE).glob(name)
    item = json.loads(path.read_bytes())
    before = {key: item[key] for key in ("kind", "outcome", "summary", "digest")}
    (path.parent / path.name.replace(item["kind"], values.get("kind", item["kind"]))).write_bytes(
        canonical_json(item | values)
    )
    if "kind" in values:
        path.unlink()

    def change(document: dict[str, Any]) -> None:
        cited = [e for part in ("actions", "claims") for a in document[part] for e in a["evidence"]]
        for found in (*cited, *document["evidence"]):
            if all(found[key] == value for key, value in before.items()):
                found.update(values)

    return change


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("*-time_ratio.json", {"kind": "artifact_destroyed"}),
        ("*-time_ratio.json", {"outcome": "failed"}),
        ("*-time_ratio.json", {"summary": "It was fast."}),
        ("*-artifact_destroyed.json", {"summary": "All copies are gone."}),
        ("*-trace_repeated.json", {"summary": "Nothing is left."}),
        ("*-recipient_acknowledged.json", {"outcome": "failed"}),
    ],
)
def test_no_word_of_a_finding_can_change_after_it_was_recorded(
    export: Path, name: str, values: dict[str, str]
) -> None:
    forge(export, relabel(export, name, **values))
    problems = verify_export(export, None).problems
    assert any("is not the evidence in the ledger." in problem for problem in problems)
    assert any("it leaves out a finding of the ledger" in problem for problem in problems)


def test_a_finding_cannot_move_to_another_artifact(export: Path) -> None:
    [path] = (export / parts.EVIDENCE).glob("*-time_ratio.json")
    item = json.loads(path.read_bytes()) | {"artifact": "income-sisa"}
    path.write_bytes(canonical_json(item))

    def change(document: dict[str, Any]) -> None:
        [found] = [e for e in document["evidence"] if e["kind"] == "time_ratio"]
        found["artifact"] = "income-sisa"
        for part in ("actions", "claims"):
            document[part][1]["evidence"].append(document[part][3]["evidence"].pop())

    forge(export, change)
    assert_says(export, "time_ratio of income-sisa is not the evidence in the ledger.")


def test_a_finding_that_the_ledger_holds_cannot_be_left_out(export: Path) -> None:
    """Dropped everywhere: file, list and citation fit, and only the ledger remembers."""
    names = sorted((export / parts.EVIDENCE).glob("*.json"))
    kept = [path.read_bytes() for path in names if "time_ratio" not in path.name]
    for path in names:
        path.unlink()
    for position, data in enumerate(kept, start=1):
        name = parts.evidence_name(position, json.loads(data)["kind"])
        (export / name).write_bytes(data)

    def change(document: dict[str, Any]) -> None:
        for part in ("actions", "claims"):
            for item in document[part]:
                item["evidence"] = [e for e in item["evidence"] if e["kind"] != "time_ratio"]
        document["evidence"] = [e for e in document["evidence"] if e["kind"] != "time_ratio"]

    forge(export, change)
    assert verify_export(export, None).problems == (
        f"{parts.REPORT}: it leaves out a finding of the ledger: time_ratio, passed.",
    )


def test_findings_that_an_earlier_version_bound_are_compared_by_their_data(export: Path) -> None:
    files = [json.loads(path.read_bytes()) for path in (export / parts.EVIDENCE).iterdir()]
    bound = {f"{n}:{item['kind']}": item["digest"] for n, item in enumerate(files)}

    def edit(entries: list[Entry]) -> None:
        for entry in entries:
            entry["payload"].pop("evidence", None)
        edited("plan.promoted", evidence=bound)(entries)

    forge(export, edit=edit)
    assert verify_export(export, None).problems == ()
    bound["1:replaced"] = bound.popitem()[1][::-1]
    forge(export, edit=edit)
    assert_says(export, "it leaves out a finding of the ledger: data ")


def test_what_entries_of_an_earlier_version_lack_is_not_compared(export: Path) -> None:
    def edit(entries: list[Entry]) -> None:
        for entry in entries:
            for name in ("planned", "roles", "approved_at", "name"):
                entry["payload"].pop(name, None)
            if entry["kind"].startswith("trace."):
                entry["payload"].pop("digest")

    forge(export, edit=edit)
    assert verify_export(export, None).problems == ()


@pytest.mark.parametrize("kind", ["plan.promoted", "recipient.acknowledged", "trace.closing"])
def test_every_finding_must_stand_in_the_ledger(export: Path, kind: str) -> None:
    forge(export, edit=edited(kind, evidence={}))
    problems = verify_export(export, None).problems
    assert problems
    assert all(problem.endswith("is not the evidence in the ledger.") for problem in problems)


def test_the_newest_entry_counts_in_whatever_order_the_file_lists_them(export: Path) -> None:
    """An older trace after the newer one must not pass for it."""

    def edit(entries: list[Entry]) -> None:
        [traced] = [entry for entry in entries if entry["kind"] == "trace.closing"]
        older = json.loads(json.dumps(traced))
        older["payload"] |= {"snapshot_hash": "0" * 64, "affected": 0}
        entries.insert(1, older)

    forge(export, edit=edit)
    assert verify_export(export, None).problems == ()
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    ledger["entries"].insert(-1, ledger["entries"].pop(1))
    (export / parts.LEDGER).write_bytes(canonical_json(ledger))
    resign(export)
    assert_says(export, "its ledger entries are not in the ledger's order.")


def test_an_entry_about_another_request_proves_nothing(export: Path) -> None:
    def edit(entries: list[Entry]) -> None:
        [promoted] = [entry for entry in entries if entry["kind"] == "plan.promoted"]
        promoted["reference"] = "request:3f2c0000-0000-4000-8000-000000000000"

    forge(export, edit=edit)
    [problem] = verify_export(export, None).problems
    assert problem.endswith("is about something else.")


@pytest.mark.parametrize("values", [{"note": "All is well."}, {"report": "another"}])
def test_the_entry_that_signs_a_report_names_it_and_its_headline(
    export: Path, values: dict[str, str]
) -> None:
    forge(export, edit=edited(parts.SIGNED_KIND, **values))
    assert_says(export, "the ledger's entry about it names another report or headline.")

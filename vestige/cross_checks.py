"""Whether a report agrees with itself: its claims with its traces, its evidence and its rules.

Signatures show who says something; these checks, and those against the ledger in
``vestige.ledger_checks``, show that it was not said against the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from deletion_requests.deadlines import Moment, compute_clock, rule_for
from reports.rules import RULES

Json = Mapping[str, Any]

SEGMENT = "segment"
#: Kinds of artifact that must be clean themselves before what was made from them is.
ANCESTORS = frozenset(
    {
        "model",
        "fine_tune",
        "adapter",
        "distilled",
        "merged",
        "quantized",
        "reward_model",
        "synthetic_dataset",
    }
)


def trace_problems(document: Json) -> Iterator[str]:
    """Claims leave out nothing that the two traces found, and speak of nothing else."""
    actions, closing = document["actions"], document["closing_trace"]
    found = document["trace"]["affected"]
    left = closing["affected"] if closing else []
    named = {_named(action) for action in actions}
    for item in found:
        if not _covered(item) and _artifact(item) not in named:
            yield f"it claims nothing on {item['name']}, which its trace found."
    before = {_artifact(item) for item in found}
    for item in left:
        yield from _again_problems(item, actions, known=_artifact(item) in before)
    digests = {(*_artifact(item), item["digest"]) for item in (*found, *left)}
    for action in actions:
        if (*_named(action), action["artifact_digest"]) not in digests:
            yield f"it speaks of {action['artifact_name']} with a digest that no trace found."


def _again_problems(item: Json, actions: Sequence[Json], *, known: bool) -> Iterator[str]:
    """What the closing trace still found is said where it weakens a claim."""
    about = _about(item, actions)
    if not about:
        if not (known and _covered(item)):
            yield f"it claims nothing on {item['name']}, which its closing trace found."
    elif not any(set(item["influence"]) <= set(action["found_again"]) for action in about):
        yield f"it leaves out that its closing trace still found {item['name']}."


def _about(item: Json, actions: Sequence[Json]) -> list[Json]:
    """Actions about what a trace found: those that made this digest, else those of its name."""
    made = [a for a in actions if a["new_digest"] and a["new_digest"] == item["digest"]]
    return made or [action for action in actions if _named(action) == _artifact(item)]


def _covered(item: Json) -> bool:
    """Whether an artifact is treated, and claimed, with the dataset that it is part of."""
    return bool(item["kind"] == SEGMENT)


def _named(action: Json) -> tuple[str, str]:
    return action["artifact_kind"], action["artifact_name"]


def _artifact(item: Json) -> tuple[str, str]:
    return item["kind"], item["name"]


def ancestry_problems(document: Json) -> Iterator[str]:
    """Each action names the affected model or synthetic dataset that its trace came through."""
    kinds = {item["name"]: item["kind"] for item in document["trace"]["affected"]}
    before = {
        (item["kind"], item["name"]): item["path"][-2]
        for item in document["trace"]["affected"]
        if len(item["path"]) > 1
    }
    for action in document["actions"]:
        source = before.get((action["artifact_kind"], action["artifact_name"]), "")
        rule = RULES.get(action["method"])
        if rule is None or not rule.required_of_heirs or kinds.get(source) not in ANCESTORS:
            continue
        if source not in action["inherits"]:
            yield f"it leaves out that {action['artifact_name']} was made from {source}."


def evidence_problems(document: Json, files: Sequence[Json]) -> Iterator[str]:
    """Each action cites all findings about its artifact, and a replay of its own digest.

    Args:
        document: The report.
        files: The evidence files, parsed.
    """
    payloads = {item["digest"]: item["payload"] for item in files}
    cited = [
        (action["artifact_name"], item["kind"], item["outcome"], item["summary"], item["digest"])
        for action in document["actions"]
        for item in action["evidence"]
    ]
    found = [
        (item["artifact"], item["kind"], item["outcome"], item["summary"], item["digest"])
        for item in files
        if item["artifact"]
    ]
    if sorted(cited) != sorted(found):
        yield "its claims do not cite exactly the evidence in data/evidence/."
    undecided = document["trace"].get("undecided_duplicates", 0)
    for action in document["actions"]:
        if action["method"] and action.get("undecided_duplicates", 0) != undecided:
            yield f"it counts the undecided rows wrongly at {action['artifact_name']}."
        equal_rows = sum(
            payloads.get(item["digest"], {}).get("rows_with_same_content", 0)
            for item in action["evidence"]
            if item["kind"] == "duplicates_checked"
        )
        if action["same_content"] != equal_rows:
            yield f"it counts the equal rows of others wrongly at {action['artifact_name']}."
        for item in action["evidence"]:
            replayed = item["kind"] == "replay_equal" and item["outcome"] == "passed"
            about = payloads.get(item["digest"], {}).get("digest")
            if replayed and about != action["new_digest"]:
                yield f"the replay of {action['artifact_name']} was of another digest."


def clock_problems(document: Json) -> Iterator[str]:
    """The last day to answer is what the rule makes of the clock's events."""
    request = document["request"]
    stated = request["clock"]
    rule = rule_for(request["regime"], request["request_type"])
    events = [
        Moment(
            kind=item["kind"],
            at=datetime.fromisoformat(item["occurred_at"]),
            basis=item["basis"],
        )
        for item in stated["events"]
    ]
    clock = compute_clock(
        rule,
        events,
        zone=stated["zone"],
        calendar=stated["calendar"],
        now=datetime.fromisoformat(document["report"]["created_at"]),
    )
    expected = {
        "source": rule.source,
        "rule": rule.label,
        "due_on": clock.respond_by.isoformat(),
    }
    if any(stated[name] != value for name, value in expected.items()):
        yield "its clock is not what the rule makes of its events."
    if request["regime_name"] != rule.name:
        yield "it names another regime than its request's."

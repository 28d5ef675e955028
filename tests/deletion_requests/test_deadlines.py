import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deletion_requests.deadlines import (
    Moment,
    Rule,
    UnknownRegimeError,
    compute_clock,
    days_left,
    rule_for,
    rules,
)

BERLIN = "Europe/Berlin"

#: The judge's event → what moves our clock.
KINDS = {
    "extend": ("extend", ""),
    "identity_requested": ("pause", "identity"),
    "identity_received": ("resume", "identity"),
    "clarification_requested": ("pause", "clarification"),
    "clarification_received": ("resume", "clarification"),
}


def moments(example: dict[str, Any]) -> list[Moment]:
    start = Moment(kind="start", at=datetime.fromisoformat(example["received"]))
    rest = [
        Moment(
            kind=KINDS[event["type"]][0],
            at=datetime.fromisoformat(event["at"]),
            basis=KINDS[event["type"]][1],
        )
        for event in example["events"]
    ]
    return [start, *rest]


def test_the_judges_worked_examples_of_every_regime_we_hold(
    judges: Path, judged: Callable[..., None]
) -> None:
    examples = json.loads((judges / "deadlines.json").read_text())["examples"]
    held = {(rule.regime, rule.request_type) for rule in rules()}
    ours = [e for e in examples if (e["regime"], e["request_type"]) in held]
    wrong: list[tuple[str, str, date | None]] = []
    for example in ours:
        clock = compute_clock(
            rule_for(example["regime"], example["request_type"]),
            moments(example),
            zone=example["controller_zone"],
            calendar=example["holiday_calendar"],
            now=datetime(2030, 1, 1, tzinfo=UTC),
        )
        accepted = {example["expected_response"], *example["accepted_alternatives"]}
        if clock.respond_by.isoformat() not in accepted:
            wrong.append((example["id"], "response", clock.respond_by))
        expected_ack = example["expected_ack"]
        if expected_ack and str(clock.acknowledge_by) != expected_ack:
            wrong.append((example["id"], "acknowledgement", clock.acknowledge_by))
    skipped = [e["id"] for e in examples if e not in ours]
    judged(
        "deadlines",
        run=len(ours),
        skipped=len(skipped),
        why=f"no rule row yet for {', '.join(skipped)}",
    )
    assert not wrong
    assert len(ours) >= 15


def test_a_pause_for_identity_moves_a_gdpr_deadline_by_its_days() -> None:
    events = [
        Moment(kind="start", at=datetime(2026, 6, 1, 9, tzinfo=UTC)),
        Moment(kind="pause", at=datetime(2026, 6, 3, 9, tzinfo=UTC), basis="identity"),
        Moment(kind="resume", at=datetime(2026, 6, 8, 9, tzinfo=UTC), basis="identity"),
    ]
    clock = compute_clock(
        rule_for("gdpr", "erasure"),
        events,
        zone=BERLIN,
        calendar="DE",
        now=datetime(2026, 6, 9, tzinfo=UTC),
    )
    assert clock.respond_by == date(2026, 7, 6)
    assert not clock.paused


def test_uk_identity_starts_the_month_again() -> None:
    events = [
        Moment(kind="start", at=datetime(2026, 3, 2, 9, tzinfo=UTC)),
        Moment(kind="resume", at=datetime(2026, 3, 10, 9, tzinfo=UTC), basis="identity"),
    ]
    clock = compute_clock(
        rule_for("uk_gdpr", "erasure"),
        events,
        zone="Europe/London",
        calendar="GB-ENG",
        now=datetime(2026, 3, 11, tzinfo=UTC),
    )
    assert clock.starts_on == date(2026, 3, 10)
    assert clock.respond_by == date(2026, 4, 10)


def test_days_left_are_counted_in_the_organisations_zone_and_turn_negative() -> None:
    due = date(2026, 7, 1)
    assert days_left(due, zone=BERLIN, now=datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == 0
    assert days_left(due, zone=BERLIN, now=datetime(2026, 7, 2, 22, 30, tzinfo=UTC)) == -2


def test_an_unknown_regime_is_named() -> None:
    with pytest.raises(UnknownRegimeError, match="atlantis"):
        rule_for("atlantis", "erasure")


@given(
    received=st.datetimes(
        min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
        max_value=datetime(2035, 12, 31),  # noqa: DTZ001 - the same
        timezones=st.just(UTC),
    ),
    rule=st.sampled_from(rules()),
)
def test_a_deadline_is_after_receipt_and_never_later_for_want_of_an_extension(
    received: datetime, rule: Rule
) -> None:
    start = Moment(kind="start", at=received)
    plain = compute_clock(rule, [start], zone=BERLIN, calendar="DE", now=received)
    longer = compute_clock(
        rule,
        [start, Moment(kind="extend", at=received)],
        zone=BERLIN,
        calendar="DE",
        now=received,
    )
    assert plain.starts_on < plain.respond_by <= longer.respond_by
    if rule.roll == "next_working_day":
        assert plain.respond_by.weekday() < 5

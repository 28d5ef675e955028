"""Statutory clocks: pure date arithmetic over the rows of ``regimes.yaml``; ``now`` is passed in.

The deadline is never stored as a fact of its own: it is derived from the clock events, so a
corrected rule row gives a corrected deadline. Counting follows Regulation (EEC, Euratom) 1182/71
Art. 3 (day of receipt excluded, corresponding date or last day of the month) unless a row differs.
This is a calculation, not legal advice: rows name their source so that counsel can check them.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import yaml
from dateutil.relativedelta import relativedelta

_RULES_FILE = Path(__file__).with_name("regimes.yaml")
_SATURDAY = 5
_SUNDAY = 6


class UnknownRegimeError(LookupError):
    """No rule row exists for this regime and request type."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of ``regimes.yaml``."""

    id: str
    version: int
    regime: str
    name: str
    request_type: str
    effective_from: date
    #: ``{"business_days": 10}`` and the like; None where no acknowledgement is due.
    acknowledge: Mapping[str, int] | None
    respond: Mapping[str, int]
    #: ``{"to_months": 3}``: the whole period from the start once extended.
    extend: Mapping[str, int] | None
    #: ``suspends``, ``resets`` or ``runs``.
    identity: str
    #: ``suspends`` or ``runs``.
    clarification: str
    #: ``next_working_day`` or ``none``.
    roll: str
    #: ``calendar`` or ``sunday``.
    observed: str
    source: str
    #: What obliges to tell recipients about an erasure; empty where nothing does.
    recipients: str = ""

    @property
    def label(self) -> str:
        """Id and version, as each clock event quotes it."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that moved the clock."""

    #: ``start``, ``acknowledge``, ``pause``, ``resume``, ``extend`` or ``stop``.
    kind: str
    at: datetime
    #: ``identity`` or ``clarification`` for a pause or resumption.
    basis: str = ""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What follows from the events; days are days in the organisation's zone."""

    #: First day of the period (not counted itself).
    starts_on: date
    acknowledge_by: date | None
    respond_by: date
    #: Whether an extension notice was in time.
    extended: bool
    #: Whether a pause has not ended yet.
    paused: bool


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Read every rule row, once."""
    rows: list[dict[str, Any]] = yaml.safe_load(_RULES_FILE.read_text(encoding="utf-8"))
    return tuple(Rule(**row) for row in rows)


def rule_for(regime: str, request_type: str) -> Rule:
    """Find the rule row of a regime and request type.

    Raises:
        UnknownRegimeError: There is none.
    """
    for rule in rules():
        if (rule.regime, rule.request_type) == (regime, request_type):
            return rule
    raise UnknownRegimeError(f"No clock is known for {request_type!r} under {regime!r}.")


def compute_clock(
    rule: Rule, events: Sequence[Moment], *, zone: str, calendar: str, now: datetime
) -> Clock:
    """Derive the clock from its events.

    Args:
        rule: The row that governs the request.
        events: What happened, oldest first, beginning with a ``start``; times are aware.
        zone: IANA zone of the organisation; an event's day is its day there.
        calendar: Public holidays, ISO 3166-1 alpha-2 with an optional subdivision (``DE-BY``).
        now: Ends a pause that is still open, so that the answer is a date today already.

    Returns:
        The clock.
    """
    place = ZoneInfo(zone)
    start = _start_day(rule, events, place)
    paused_days, still_paused = _paused_days(rule, events, place, now)
    plain = _roll(rule, _add(rule, start, rule.respond, calendar) + paused_days, calendar)
    extended = rule.extend is not None and any(
        event.kind == "extend" and _day(event.at, place) <= plain for event in events
    )
    respond_by = plain
    if extended and rule.extend is not None:
        period = {unit.removeprefix("to_"): count for unit, count in rule.extend.items()}
        respond_by = _roll(rule, _add(rule, start, period, calendar) + paused_days, calendar)
    return Clock(
        starts_on=start,
        acknowledge_by=_add(rule, start, rule.acknowledge, calendar) if rule.acknowledge else None,
        respond_by=respond_by,
        extended=extended,
        paused=still_paused,
    )


def days_left(respond_by: date, *, zone: str, now: datetime) -> int:
    """Count the days from today in the organisation's zone to the last day; negative when late."""
    return (respond_by - today_in(zone, now=now)).days


def today_in(zone: str, *, now: datetime) -> date:
    """The day on which a moment falls where a clock is counted."""
    return _day(now, ZoneInfo(zone))


def _start_day(rule: Rule, events: Sequence[Moment], place: ZoneInfo) -> date:
    starts = [event.at for event in events if event.kind == "start"]
    if rule.identity == "resets":
        # The latest of request and identity (UK GDPR Art. 12A(2)).
        starts += [e.at for e in events if e.kind == "resume" and e.basis == "identity"]
    return _day(max(starts), place)


def _paused_days(
    rule: Rule, events: Sequence[Moment], place: ZoneInfo, now: datetime
) -> tuple[timedelta, bool]:
    suspends = {"identity": rule.identity, "clarification": rule.clarification}
    total, since = timedelta(), None
    for event in events:
        if suspends.get(event.basis) != "suspends":
            continue
        if event.kind == "pause" and since is None:
            since = _day(event.at, place)
        elif event.kind == "resume" and since is not None:
            total, since = total + (_day(event.at, place) - since), None
    if since is None:
        return total, False
    return total + (_day(now, place) - since), True


def _add(rule: Rule, start: date, period: Mapping[str, int], calendar: str) -> date:
    if "business_days" not in period:
        return start + relativedelta(months=period.get("months", 0), days=period.get("days", 0))
    day = start
    for _ in range(period["business_days"]):
        day = _next_working_day(day + timedelta(days=1), calendar, rule.observed)
    return day


def _roll(rule: Rule, day: date, calendar: str) -> date:
    if rule.roll == "next_working_day":
        return _next_working_day(day, calendar, rule.observed)
    return day


def _next_working_day(day: date, calendar: str, observed: str) -> date:
    while day.weekday() in (_SATURDAY, _SUNDAY) or _is_holiday(day, calendar, observed):
        day += timedelta(days=1)
    return day


def _is_holiday(day: date, calendar: str, observed: str) -> bool:
    known = _holidays(calendar, observed == "calendar")
    if day in known:
        return True
    yesterday = day - timedelta(days=1)
    return observed == "sunday" and yesterday.weekday() == _SUNDAY and yesterday in known


@functools.cache
def _holidays(calendar: str, observed: bool) -> holidays.HolidayBase:
    country, _, subdivision = calendar.partition(" ")[0].partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None, observed=observed)


def _day(moment: datetime, place: ZoneInfo) -> date:
    return moment.astimezone(place).date()

"""The books find what must not be: a check that never finds anything would prove nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from bench.kit.checks import broken_prefixes, doubled
from bench.kit.records import Head, Records
from governance.ledger.services import append_entry
from governance.outbox import publish
from lineage.graph import Relation
from lineage.models import Derivation
from tests.factories import ArtifactFactory, PlanFactory
from unlearning.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    database = connection.settings_dict

    def connect() -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            dbname=str(database["NAME"]),
            host=str(database["HOST"]),
            port=str(database["PORT"] or ""),
            user=str(database["USER"]),
            password=str(database["PASSWORD"]),
            autocommit=True,
        )

    books = Records(connect, jobs=tmp_path / "jobs")
    yield books
    books.close()


def entry(kind: str, reference: str, **payload: object) -> None:
    append_entry(kind=kind, actor="system", reference=reference, payload=payload)


def test_an_installation_at_rest_is_settled_and_nothing_is_doubled(records: Records) -> None:
    entry("request.received", "request:1")
    entry("request.received", "request:2")
    entry("step.done", "request:1", step=1)
    entry("step.done", "request:1", step=2)
    assert records.unsettled() == []
    assert doubled([], records) == []


@pytest.mark.parametrize("kind", ["request.received", "request.report_written", "plan.promoted"])
def test_what_happened_twice_is_found(records: Records, kind: str) -> None:
    for _ in range(2):
        entry(kind, "request:1")
    [found] = doubled([], records)
    assert kind in found
    assert "request:1" in found


def test_a_step_that_took_effect_twice_is_found(records: Records) -> None:
    for _ in range(2):
        entry("step.done", "request:1", step=1)
    assert len(doubled([], records)) == 1


@pytest.mark.parametrize("kind", ["recipient.notified", "recipient.acknowledged"])
def test_a_recipient_that_was_told_or_answered_twice_is_found(records: Records, kind: str) -> None:
    entry(kind, "request:1", step=1)
    entry(kind, "request:1", step=2)
    assert doubled([], records) == []
    entry(kind, "request:1", step=2)
    assert doubled([], records) == [f"{kind} 2 of request:1: 2 times"]


def test_two_plans_of_one_request_are_found(records: Records) -> None:
    plan = PlanFactory.create()
    PlanFactory.create(case_id=plan.case_id)
    [found] = doubled([], records)
    assert found.startswith("plans of one request")
    assert str(plan.case_id) in found


def test_two_jobs_of_one_step_are_found(records: Records) -> None:
    plan = PlanFactory.create()
    for digest in ("0", "1"):
        Job.objects.create(plan=plan, purpose="promotion", input_digest=digest)
    [found] = doubled([], records)
    assert found.startswith("jobs of one step")


@pytest.mark.parametrize("relation", [Relation.REDACTED_FROM, Relation.REGENERATED_FROM])
def test_a_data_set_with_two_successors_is_found(records: Records, relation: Relation) -> None:
    old, *new = ArtifactFactory.create_batch(3)
    for successor in new:
        Derivation.objects.create(upstream=old, downstream=successor, relation=relation)
    [found] = doubled([], records)
    assert found.startswith("successors of one data set")


def test_a_head_that_the_ledger_lost_is_a_broken_prefix(records: Records) -> None:
    entry("test.entry", "test:1")
    true_head = records.head()
    false_head = Head(size=1, root=bytes(32))
    assert broken_prefixes([true_head], records) == []
    assert broken_prefixes([true_head, false_head], records) == [
        "the ledger's first 1 entries changed"
    ]


def test_what_waits_or_is_stuck_is_named(records: Records, tmp_path: Path) -> None:
    publish("request.received", request_id=str(uuid4()))
    plan = PlanFactory.create()
    job = Job.objects.create(
        plan=plan, purpose="verification", input_digest="0", state="needs_human"
    )
    (tmp_path / "jobs" / "left").mkdir(parents=True)
    found = " ".join(records.unsettled())
    assert "outbox" in found
    assert f"verification job {job.pk} is needs_human" in found
    assert "the folder of job left was not discarded" in found


def test_a_head_is_a_prefix_of_the_ledger_until_an_entry_is_lost_or_changed(
    records: Records,
) -> None:
    for number in range(5):
        entry("test.entry", f"test:{number}")
    seen = records.head()
    entry("test.entry", "test:later")
    leaves = records.leaves()
    assert seen.size == 5
    assert seen.is_prefix_of(leaves)
    assert not seen.is_prefix_of(leaves[:4])
    assert not seen.is_prefix_of([*leaves[:2], leaves[3], leaves[2], *leaves[4:]])


def test_a_crash_is_no_news_but_work_is(records: Records) -> None:
    before = records.news()
    entry("job.stranded", "request:1")
    assert records.news() == before
    entry("step.done", "request:1", step=1)
    assert records.news() == before + 1

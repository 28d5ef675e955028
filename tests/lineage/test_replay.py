"""What is answered as of a moment is what was answered at that moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from governance.subjects import subject_digest
from lineage.closure import Snapshot
from lineage.closure.columns import EdgeColumns
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.difference import compare_graphs
from lineage.graph import ROW_HOLDERS, Impact
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState, Moment
from lineage.selectors import impact_document, trace
from lineage.selectors.changes import differing_parts
from lineage.selectors.history import moment_at
from lineage.selectors.postgres_engine import PostgresEngine
from lineage.selectors.standing import standing_graph
from lineage.services import (
    attempt_reading,
    load_record_index,
    receive_event,
    record_destruction,
    record_redaction,
    record_regeneration,
)
from lineage.services.mlflow import record_state
from tests.lineage import company
from tests.lineage.columns import edges_of, knowledge, told
from tests.lineage.whole_graph import read_snapshot

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = (company.ANN, company.BOB, company.EVE)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was answered after one write."""

    at: datetime
    graph: Snapshot
    knowledge: dict[str, Any]
    impacts: dict[str, Impact]
    document: object


class Story:
    """The company, and writes of every sort in an order that is drawn by lot."""

    def __init__(self, data: Path, seed: int) -> None:
        self.data = data
        self.random = Random(seed)  # noqa: S311 - a repeatable order, no secret
        self.seen: list[Seen] = []
        self.replaced: dict[str, datetime] = {}
        self.people = {name: list(people) for name, people in company.PEOPLE.items()}
        #: Of whom the record index has forgotten record ids in which datasets.
        self.forgotten: set[tuple[str, int]] = set()

    def note(self) -> None:
        impacts = {who: trace(subject_digest(who)) for who in PEOPLE}
        self.compare_engines()
        self.seen.append(
            Seen(
                at=Moment.objects.latest("at").at,
                graph=read_snapshot(),
                knowledge=told(knowledge()),
                impacts=impacts,
                document=impact_document(impacts[company.ANN])["affected"],
            )
        )

    def compare_engines(self) -> None:
        """What stands, what the database walks and what is read anew are one graph."""
        with transaction.atomic():
            lock_graph()
            standing, snapshot = standing_graph(), read_snapshot()
            assert standing.hash == snapshot.hash()
            assert edges_of(standing) == sorted(EdgeColumns.of(snapshot.edges).rows())
            oracle = NetworkxEngine.of(snapshot)
            sources = self.random.choices([node.id for node in snapshot.nodes], k=3)
            for engine in (standing.engine, PostgresEngine()):
                assert engine.trace(sources).reached == oracle.trace(sources).reached

    def begin(self) -> None:
        company.write_data(self.data)
        for body in company.events(self.data):
            receive_event(event=body)
            self.note()
        record_state(company.state(self.data))
        self.note()
        company.read_announced()
        self.note()

    def holder(self, name: str) -> Artifact:
        return Artifact.objects.get(
            location=(self.data / name).as_uri(),
            state=ArtifactState.CURRENT,
            kind__in=ROW_HOLDERS,
        )

    def train_again(self) -> None:
        """Switches what products serve, and supersedes a model."""
        self.replaced[self.random.choice(sorted(company.READS))] = timezone.now()
        record_state(company.state(self.data, replaced=self.replaced))

    def redact(self) -> None:
        name, who = self.random.choice([(n, who) for n, p in self.people.items() for who in p])
        self.people[name].remove(who)
        company.write_rows(self.data / name, tuple(self.people[name]))
        record_redaction(dataset_version_id=self.holder(name).pk)
        self.forgotten |= {(who, version) for version in self.versions(name)}

    def versions(self, name: str) -> list[int]:
        at = Artifact.objects.filter(location=(self.data / name).as_uri(), kind__in=ROW_HOLDERS)
        return list(at.values_list("pk", flat=True))

    def destroy(self) -> None:
        holders = [n for n in ("adult-features", "income-monolithic-log") if n in self.people]
        name = self.random.choice([*holders, company.CHECKPOINT])
        if name != company.CHECKPOINT:
            self.forgotten |= {(who, v) for v in self.versions(name) for who in PEOPLE}
            del self.people[name]
            gone = self.holder(name)
        else:
            gone = Artifact.objects.get(name=name)
        record_destruction(artifact_id=gone.pk, receipts=[{"location": gone.location}])

    def sample_again(self) -> None:
        company.write_synthetic(self.data, f"{self.random.randrange(99)},0")
        old = Artifact.objects.get(kind="synthetic_dataset", state=ArtifactState.CURRENT)
        generator = Artifact.objects.filter(name__startswith="generator v").latest("pk")
        record_regeneration(dataset_id=old.pk, generator_id=generator.pk)

    def write_again(self) -> None:
        """A dataset is announced, cannot be read, and is read."""
        name = self.random.choice(sorted(self.people))
        body = company.event(self.data, name) | {"eventTime": timezone.now().isoformat()}
        receive_event(event=body)
        self.note()
        file = self.data / name / "segment-0000.csv"
        rows = file.read_bytes()
        file.write_bytes(rows.replace(b"record_id", b"number"))
        attempt_reading(dataset_version_id=self.holder(name).pk)
        self.note()
        file.write_bytes(rows)
        load_record_index(dataset_version_id=self.holder(name).pk)

    def copy(self) -> None:
        """A run starts, makes a copy of which the kind is told later, and ends."""
        mark = f"copy-{len(self.seen)}"
        body = company.event(self.data, "adult-v1")
        body["run"] = {"runId": f"00000000-0000-4000-8000-{len(self.seen):012}"}
        body["job"] = {"namespace": company.NAMESPACE, "name": f"make-{mark}"}
        body["inputs"] = [{"namespace": company.NAMESPACE, "name": "adult-v1"}]
        body["outputs"] = [{"namespace": company.NAMESPACE, "name": mark}]
        receive_event(event=body | {"eventType": "START"})
        self.note()
        facets = {"vestige_artifact": company.FACET | {"kind": "cache"}}
        body["outputs"] = [{"namespace": company.NAMESPACE, "name": mark, "facets": facets}]
        receive_event(event=body | {"eventTime": timezone.now().isoformat()})

    def go_on(self, steps: int) -> None:
        acts: list[Callable[[], None]] = [
            self.train_again,
            self.redact,
            self.destroy,
            self.sample_again,
            self.write_again,
            self.copy,
        ]
        each_once = self.random.sample(acts, len(acts))
        for act in each_once + self.random.choices(acts, k=steps - len(acts)):
            act()
            self.note()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_past_answer_is_given_again(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path, seed)
    story.begin()
    story.go_on(10)
    assert len({seen.graph.hash() for seen in story.seen}) > 15
    for seen in story.seen:
        then = read_snapshot(seen.at)
        assert then == seen.graph
        assert told(knowledge(seen.at)) == seen.knowledge
        moment = moment_at(seen.at)
        walked = PostgresEngine().trace([1, 2, 3], as_of=moment).reached
        assert walked == NetworkxEngine.of(then).trace([1, 2, 3]).reached
        assert then.hash() == seen.graph.hash()
        for who, was in seen.impacts.items():
            again = trace(subject_digest(who), seen.at)
            assert replace(again, records=()) == replace(was, records=())
            assert set(again.records) <= set(was.records)
            assert {
                record
                for record in set(was.records) - set(again.records)
                if (who, record.dataset_version) not in story.forgotten
            } == set()
        document = impact_document(trace(subject_digest(company.ANN), seen.at), seen.at)
        assert document["affected"] == seen.document


def test_what_changed_between_two_moments_is_what_differs_between_two_graphs(
    tmp_path: Path,
) -> None:
    story = Story(tmp_path, 3)
    story.begin()
    story.go_on(10)
    pairs = [
        (story.seen[first], story.seen[second])
        for second in range(len(story.seen))
        for first in {0, second // 2, second - 1} - {second, -1}
    ]
    assert any(compare_graphs(was.graph, now.graph).changed for was, now in pairs)
    for was, now in pairs:
        parts = differing_parts(was.at, now.at)
        assert compare_graphs(*parts) == compare_graphs(was.graph, now.graph)
    first, last = story.seen[0], story.seen[-1]
    until_now = compare_graphs(*differing_parts(first.at, None))
    assert until_now == compare_graphs(first.graph, last.graph)

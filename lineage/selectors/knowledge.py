"""What the gap rules look at, at one moment."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from lineage.closure.standing import StandingGraph
from lineage.codes import Trait
from lineage.gaps import Details, Knowledge, LaterUse, UnendedRun
from lineage.locks import lock_graph
from lineage.models import (
    OTHER_DIGESTS,
    USED_AFTER_DESTRUCTION,
    Activity,
    ActivityRevision,
    Artifact,
    ArtifactState,
    DueReading,
    TroubleRevision,
)
from lineage.selectors.history import described, moment_at, on_record


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all reads see one moment without waiting for a writer, which may be at work for minutes.

    Inside a transaction of the caller, whose isolation is settled by then, the lock of the
    writers serves instead.
    """
    if connection.in_atomic_block:
        lock_graph()
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def knowledge_of(
    graph: StandingGraph, as_of: datetime | None = None, *, unseen: Mapping[int, datetime] | None
) -> Knowledge:
    """Read what the columns of a graph do not hold, little as it is.

    Call it where the graph was read: within :func:`one_moment`, or under the lock of the graph's
    writers.

    Args:
        graph: The graph of now, or of the moment.
        as_of: The moment; None for now.
        unseen: As :func:`unseen_since` gave it; None where nobody knows.
    """
    nodes, edges = graph.nodes, graph.edges
    noted = nodes.ids[(nodes.traits & np.uint8(Trait.NOTED)) != 0].tolist()
    return Knowledge(
        ids=nodes.ids,
        kinds=nodes.kinds,
        states=nodes.states,
        traits=nodes.traits,
        upstream=edges.upstream,
        downstream=edges.downstream,
        relation=edges.relation,
        names=lambda ids: _names_of(ids, as_of),
        details=_details(
            {pk: row.attributes for pk, row in described(noted, as_of).items()},
            troubles=_troubles(as_of),
            unseen=unseen or {},
        ),
        runs=tuple(
            UnendedRun(name=name, used=tuple(used)) for name, used in _runs_without_end(as_of)
        ),
    )


def unseen_since() -> dict[int, datetime]:
    """When the artifacts in use that were not shown for too long were last shown, by id."""
    limit = timezone.now() - timedelta(days=settings.UNSEEN_DAYS)
    rows = Artifact.objects.filter(state=ArtifactState.CURRENT, seen_at__lt=limit)
    return {pk: seen_at for pk, seen_at in rows.values_list("pk", "seen_at") if seen_at}


def _details(
    noted: Mapping[int, Mapping[str, Any]],
    *,
    troubles: Mapping[int, str],
    unseen: Mapping[int, datetime],
) -> Details:
    lists = {
        key: {pk: names for pk, each in noted.items() if (names := _names(each.get(key)))}
        for key in ("missing_models", "endpoints", OTHER_DIGESTS)
    }
    return Details(
        missing_run={
            pk: str(each["missing_run"]) for pk, each in noted.items() if each.get("missing_run")
        },
        missing_models=lists["missing_models"],
        endpoints={pk: urls for pk, urls in lists["endpoints"].items() if len(urls) > 1},
        unread_because=troubles,
        other_digests=lists[OTHER_DIGESTS],
        unseen_since=unseen,
        later_uses={
            pk: LaterUse(at=datetime.fromisoformat(use["at"]), run=use["run"])
            for pk, each in noted.items()
            if (use := each.get(USED_AFTER_DESTRUCTION))
        },
    )


def _names(listed: object) -> tuple[str, ...]:
    return tuple(str(name) for name in listed) if isinstance(listed, list) else ()


def _names_of(ids: Iterable[int], as_of: datetime | None) -> list[str]:
    wanted = list(ids)
    rows = described(wanted, as_of)
    return [rows[pk].name for pk in wanted]


def _troubles(as_of: datetime | None) -> dict[int, str]:
    """Why the rows of datasets could not be read, by id."""
    rows = (
        DueReading.objects.exclude(trouble="")
        if as_of is None
        else TroubleRevision.objects.filter(on_record(moment_at(as_of)))
    )
    return dict(rows.values_list("artifact_id", "trouble"))


def _runs_without_end(as_of: datetime | None) -> Iterable[tuple[str, list[int]]]:
    """Name and used artifacts of each; of a run without a name only others told."""
    if as_of is None:
        rows = Activity.objects.filter(ended_at=None).exclude(name="").order_by("pk")
        return rows.values_list("name", "used")
    then = ActivityRevision.objects.filter(on_record(moment_at(as_of)), ended=False)
    return then.order_by("activity_id").values_list("name", "used")

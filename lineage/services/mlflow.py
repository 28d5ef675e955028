"""Capturing MLflow: a reconciling poller, because MLflow tells nobody about runs.

Runs in a worker or a management command; the web process never imports MLflow.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lineage.capture.locations import lies_within, normalise_location
from lineage.capture.mlflow import Resolve, map_state
from lineage.capture.mlflow_reader import read_state
from lineage.capture.mlflow_state import SeenState
from lineage.capture.observations import Observations
from lineage.graph import DATASETS
from lineage.locks import lock_graph
from lineage.models import MENTIONED, Artifact, Derivation
from lineage.services.derivations import end_derivations
from lineage.services.graph import record_observations

#: How much older than the capture a stamp may be that is left as it is: rows are not rewritten
#: every few minutes for a rule that counts days.
STAMP_HOLDS = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class CaptureSummary:
    """What MLflow showed."""

    runs: int
    models: int
    products: int
    derivations: int


def capture_mlflow(*, tracking_uri: str | None = None) -> CaptureSummary:
    """Read all of MLflow and bring the graph up to date; repeating it changes nothing.

    What MLflow no longer shows stays in the graph: a deleted run does not untrain its model.

    Args:
        tracking_uri: Of the tracking server; None for the configured one.
    """
    return record_state(read_state(tracking_uri or settings.MLFLOW_TRACKING_URI, timezone.now()))


@transaction.atomic
def record_state(state: SeenState) -> CaptureSummary:
    """Bring the graph up to date with what MLflow showed at one moment."""
    # The lock is taken before the datasets are looked up: none is added in between.
    lock_graph()
    observations = map_state(state, _resolver())
    record_observations(observations)
    _retire_guesses(observations)
    _stamp_shown(observations)
    return CaptureSummary(
        runs=len(state.runs),
        models=len(state.models),
        products=len(observations.deployments),
        derivations=len(observations.derivations),
    )


def _stamp_shown(observations: Observations) -> None:
    """Stamp what MLflow shows now; the history of the graph does not look at these stamps."""
    now = timezone.now()
    Artifact.objects.filter(
        Q(seen_at=None) | Q(seen_at__lt=now - STAMP_HOLDS),
        identity__in=[artifact.identity for artifact in observations.artifacts if artifact.seen],
    ).update(seen_at=now)


def _resolver() -> Resolve:
    """Make the look-up of datasets by location and time, over one read of the table."""
    rows = (
        Artifact.objects.filter(kind__in=DATASETS)
        .exclude(location="")
        .exclude(attributes__has_key=MENTIONED)
    )
    known = [(normalise_location(row.location), row.occurred_at, row.identity) for row in rows]

    def resolve(location: str, at: datetime | None) -> str | None:
        """The newest version at the place as of the time, else the oldest one there.

        A version that was only recorded after the run is still the best guess: to name none would
        hide the run from every trace.
        """
        here = [row for row in known if lies_within(location, row[0])]
        if not here:
            return None
        nearest = max(len(directory) for directory, _, _ in here)
        dated = sorted(
            (
                (seen_at, identity)
                for directory, seen_at, identity in here
                if len(directory) == nearest
            ),
            key=lambda row: (row[0] is not None, row[0] or at, row[1]),
        )
        before = [identity for seen_at, identity in dated if not at or not seen_at or seen_at <= at]
        return before[-1] if before else dated[0][1]

    return resolve


def _retire_guesses(observations: Observations) -> None:
    """End edges from unknown datasets that are known by now under their own name."""
    seen = {(d.upstream, d.downstream) for d in observations.derivations}
    seen |= {(corpus, d.product) for d in observations.deployments for corpus in d.retrieves}
    captured = {artifact.identity for artifact in observations.artifacts}
    guessed = Derivation.objects.filter(
        ended_at=None,
        upstream__identity__startswith="dataset:location:",
        downstream__identity__in=captured,
    ).values_list("pk", "upstream__identity", "downstream__identity")
    outdated: Collection[int] = [
        pk for pk, upstream, downstream in guessed if (upstream, downstream) not in seen
    ]
    end_derivations(Q(pk__in=outdated))

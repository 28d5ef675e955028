"""The dataset that a loading is for: found under its name, or made."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lineage.capture.locations import normalise_location
from lineage.capture.observations import Observations, ObservedArtifact
from lineage.errors import UnreadableRecords
from lineage.graph import DATASETS, ROW_HOLDERS, ArtifactKind
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState
from lineage.records import RecordLayout, Source, layout_document
from lineage.services.graph import record_observations
from lineage.services.standing import read_standing

#: Attribute of datasets: why only a person can take rows out of them; empty or absent where a job
#: can.
BY_HAND = "by_hand"
#: Namespace of datasets that were first named by a loading.
NAMESPACE = "vestige"


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """What to load, and as what."""

    #: Of the dataset: a new name, or the name or identity of one that is known.
    name: str
    layout: RecordLayout
    version: str = ""
    #: False: a bad row leaves everything as it was. True: it is left out and listed.
    skip_bad_rows: bool = False
    #: Why only a person can take rows out of this source; empty where Vestige can.
    by_hand: str = ""

    @property
    def full_name(self) -> str:
        """Name and version."""
        return f"{self.name}@{self.version}" if self.version else self.name


@transaction.atomic
def find_or_make_dataset(order: LoadOrder, source: Source) -> Artifact:
    """Find the dataset of a loading, or make it; what is recorded already is left as it is.

    Raises:
        UnreadableRecords: The name stands for several artifacts, for one without rows of people,
            for one that lies elsewhere, or for one that is not in use any more.
    """
    # The lock guarantees that nobody makes a dataset of this name between our look and our write.
    lock_graph()
    found = _find(order)
    if found is not None:
        _require_fit(found, order, source)
    identity = found.identity if found else _identity(order)
    if found is None or not _told(found, order):
        _tell(identity, found, order, source)
    version = Artifact.objects.get(identity=identity)
    if version.attributes.get(BY_HAND, "") != order.by_hand:
        version.attributes[BY_HAND] = order.by_hand
        version.save(update_fields=["attributes"])
    return version


def _told(found: Artifact, order: LoadOrder) -> bool:
    """Whether everything that a loading tells of a dataset is on record."""
    known = found.attributes.get("record_index")
    return bool(found.location) and known == layout_document(order.layout)


def _tell(identity: str, found: Artifact | None, order: LoadOrder, source: Source) -> None:
    """Put the dataset, its place and its layout on record.

    Args:
        identity: Of the dataset.
        found: What is on record of it, if anything.
        order: The loading.
        source: Where the rows lie.
    """
    now = timezone.now()
    seen = ObservedArtifact(
        identity=identity,
        kind=ArtifactKind(found.kind) if found else ArtifactKind.DATASET_VERSION,
        observed_at=now,
        name=found.name if found else order.full_name,
        location=normalise_location(source.location),
        occurred_at=now,
        attributes={
            "dataset": order.name,
            "version": order.version or None,
            "record_index": layout_document(order.layout),
        },
    )
    record_observations(Observations(artifacts=(seen,)))


def _identity(order: LoadOrder) -> str:
    return f"dataset:{NAMESPACE}/{order.name}@{order.version or 'unversioned'}"


def _find(order: LoadOrder) -> Artifact | None:
    """Find what stands under a name now, after redactions too."""
    named = Q(name=order.full_name) | Q(identity__in=(order.full_name, _identity(order)))
    known = list(
        Artifact.objects.filter(named, kind__in=DATASETS).values_list("identity", flat=True)
    )
    standing = read_standing(known)
    identities = {standing.now(identity) for identity in known}
    if len(identities) > 1:
        raise UnreadableRecords(
            f"Several datasets are named {order.full_name}: give the identity of one as the name."
        )
    return Artifact.objects.filter(identity__in=identities).first()


def _require_fit(found: Artifact, order: LoadOrder, source: Source) -> None:
    location = normalise_location(source.location)
    if found.kind not in ROW_HOLDERS:
        problem = f"is a {found.kind}, of which no rows are read"
    elif found.state != ArtifactState.CURRENT:
        problem = f"is {found.state}: load the rows under a new version"
    elif found.location and found.location != location:
        problem = f"is recorded at {found.location}: load these rows under another name or version"
    else:
        return
    raise UnreadableRecords(f"{order.full_name} {problem}.")

"""Where a trace starts: at somebody's records, at one record, or at one artifact."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from governance.errors import InvalidInput
from governance.subjects import SubjectDigest
from lineage.errors import ArtifactNotFound, RecordNotFound
from lineage.models import Artifact, ArtifactRevision, Posting
from lineage.selectors.history import (
    Entry,
    described,
    held_at,
    moment_at,
    on_record,
    with_predecessors,
)
from lineage.selectors.postings import entries_of, held_of

#: Digits of the largest artifact id; longer numbers can only be names.
LONGEST_ID = 19
#: Artifacts of one name that an error lists; the rest are counted.
MOST_CANDIDATES = 20


@dataclass(frozen=True, kw_only=True)
class OneRecord:
    """One record; its id names no other one in the whole installation."""

    record_id: str


@dataclass(frozen=True, kw_only=True)
class OneArtifact:
    """One artifact as somebody names it."""

    #: Its id, its identity or its name; the first of these that fits counts.
    words: str


@dataclass(frozen=True, kw_only=True)
class KnownArtifact:
    """One artifact by its id; of moments at which it was not on record, nothing came of it."""

    artifact_id: int


#: What a trace is asked about.
Asked: TypeAlias = SubjectDigest | OneRecord | OneArtifact | KnownArtifact


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a trace starts."""

    #: The records asked about, with the segments that hold them.
    entries: tuple[Entry, ...] = ()
    #: Ids of the artifacts that the walk begins at; of records, the segments that hold or held
    #: them, and what those were redacted from.
    sources: frozenset[int] = frozenset()


def start_of(asked: Asked, as_of: datetime | None) -> Start:
    """Find where a trace starts; call it where the graph is read, so that both see one moment.

    Args:
        asked: A data subject of whom nothing is held gives an empty start.
        as_of: A past moment; None for now.

    Raises:
        RecordNotFound: The record index does not hold the record.
        ArtifactNotFound: No artifact is so called, or none was then.
        InvalidInput: More than one artifact is so called.
    """
    if isinstance(asked, OneArtifact):
        return Start(sources=frozenset({artifact_named(asked.words, as_of)}))
    if isinstance(asked, KnownArtifact):
        return Start(sources=frozenset(described({asked.artifact_id}, as_of)))
    entries, past = _of_record(asked) if isinstance(asked, OneRecord) else _of_subject(asked)
    if as_of is None:
        sources = with_predecessors({segment for segment, _ in entries} | past)
    else:
        entries, sources = held_at(as_of, entries, past)
    return Start(entries=tuple(entries), sources=frozenset(sources))


def settled(asked: Asked, before: datetime, after: datetime | None) -> Asked:
    """Fix which artifact is meant at two moments: the one so called later, else earlier.

    The errors are those of :func:`start_of`.
    """
    if not isinstance(asked, OneArtifact):
        return asked
    try:
        found = artifact_named(asked.words, after)
    except ArtifactNotFound:
        found = artifact_named(asked.words, before)
    return KnownArtifact(artifact_id=found)


def artifact_named(words: str, as_of: datetime | None) -> int:
    """Find one artifact by its id, its identity or its name, in this order.

    Raises:
        ArtifactNotFound: None is so called, or none was then.
        InvalidInput: More than one has the name; the error lists them.
    """
    found = _by_id(words, as_of) or _by_identity(words, as_of) or _by_name(words, as_of)
    if not found:
        then = f" on record at {as_of.isoformat()}" if as_of else ""
        raise ArtifactNotFound(f"There is no artifact with the id, identity or name {words}{then}.")
    if len(found) > 1:
        raise InvalidInput.at("/artifact", _ambiguous(words, found))
    return next(iter(found))


def _of_subject(subject: SubjectDigest) -> tuple[Collection[Entry], frozenset[int]]:
    """A data subject's records, and the segments that held one until it was redacted."""
    held = held_of(subject)
    return held.entries, held.past


def _of_record(asked: OneRecord) -> tuple[Collection[Entry], frozenset[int]]:
    """Where one record lies, and the segments that may have held it.

    Which records were in a past segment is forgotten: it may have been any of their people's.
    """
    entries: set[Entry] = set()
    past: set[int] = set()
    for posting in Posting.objects.filter(record_ids__contains=[asked.record_id]):
        past.update(posting.past_segments or ())
        entries.update(entry for entry in entries_of(posting) if entry[1] == asked.record_id)
    if not entries:
        raise RecordNotFound(f"The record index holds no record with the id {asked.record_id}.")
    return sorted(entries), frozenset(past)


_Found: TypeAlias = Mapping[int, Artifact | ArtifactRevision]


def _by_id(words: str, as_of: datetime | None) -> _Found:
    is_id = words.isascii() and words.isdigit() and len(words) <= LONGEST_ID
    return described({int(words)}, as_of) if is_id else {}


def _by_identity(words: str, as_of: datetime | None) -> _Found:
    return described(Artifact.objects.filter(identity=words).values_list("pk", flat=True), as_of)


def _by_name(words: str, as_of: datetime | None) -> _Found:
    if as_of is None:
        return {row.pk: row for row in Artifact.objects.filter(name=words).order_by("pk")}
    rows = ArtifactRevision.objects.filter(on_record(moment_at(as_of)), name=words)
    return {row.artifact_id: row for row in rows.order_by("artifact_id")}


def _ambiguous(words: str, found: _Found) -> str:
    shown = [f"{pk} ({row.kind}, {row.state})" for pk, row in found.items()][:MOST_CANDIDATES]
    others = len(found) - len(shown)
    more = f" and {others} more" if others else ""
    return (
        f"artifact: {len(found)} artifacts have the name {words}: {', '.join(shown)}{more}. "
        "Name the one you mean by its id."
    )

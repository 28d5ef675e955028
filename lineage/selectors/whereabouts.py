"""Where some records lie and what came of them, whether it is still in use or not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from governance.subjects import SubjectDigest
from lineage.closure import Reach
from lineage.errors import RecordNotFound
from lineage.locks import lock_graph
from lineage.models import Posting
from lineage.selectors.impact import reach_of, trace
from lineage.selectors.postings import held_of


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """Where the records lie and what they have reached."""

    #: Record ids by segment.
    records: Mapping[int, frozenset[str]]
    #: What came of them, by artifact id, also what is no longer in use.
    reached: Mapping[int, Reach]
    #: Why more may be affected than is known; empty when the trace is complete.
    hidden: tuple[str, ...]


def find_records(who: SubjectDigest | Collection[str]) -> Whereabouts:
    """Find records and everything that came of them.

    Args:
        who: A data subject, or record ids.

    Raises:
        RecordNotFound: The record index does not hold one of the record ids.
    """
    # Under the lock of the graph's writers nobody's records move between our reads.
    with transaction.atomic():
        lock_graph()
        return _find_records(who)


def _find_records(who: SubjectDigest | Collection[str]) -> Whereabouts:
    if isinstance(who, SubjectDigest):
        subjects, wanted = [who], None
    else:
        wanted = frozenset(who)
        subjects = [
            SubjectDigest(value=bytes(posting.subject_digest), key_version=posting.key_version)
            for posting in Posting.objects.filter(record_ids__overlap=sorted(wanted))
        ]
    records: dict[int, set[str]] = {}
    sources: set[int] = set()
    hidden: dict[str, None] = {}
    for subject in subjects:
        hidden |= dict.fromkeys(trace(subject).reasons)
        held = held_of(subject)
        # Which records were in a past segment is forgotten: it may have been any of them.
        sources.update(held.past)
        for segment, record_id in held.entries:
            if wanted is None or record_id in wanted:
                records.setdefault(segment, set()).add(record_id)
    missing = (wanted or frozenset()).difference(*records.values())
    if missing:
        raise RecordNotFound(
            f"The record index holds no record with the id {' or '.join(sorted(missing))}."
        )
    return Whereabouts(
        records={segment: frozenset(ids) for segment, ids in records.items()},
        reached=reach_of(sources | records.keys()),
        hidden=tuple(hidden),
    )

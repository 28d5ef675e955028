"""Which ledger entries the findings on record rest on, so that a check of the ledger sees changes.

A finding that was changed, relabelled or deleted where it is stored no longer is the one that its
newest entry binds.
"""

from collections.abc import Iterator
from typing import Any

from governance.ledger.fsck import Expected
from governance.models import LedgerEntry
from unlearning.ledgering import as_recorded, binding_key
from unlearning.models import Evidence


def bound_entries() -> Iterator[Expected]:
    """What each entry that binds findings must hold, in the ledger's order."""
    entries = LedgerEntry.objects.filter(
        payload__has_key="evidence", reference__startswith=_CASE
    ).order_by("index")
    for entry in entries.iterator():
        yield Expected(
            index=entry.index,
            what=f"findings of {entry.reference}",
            kind=entry.kind,
            payload={"evidence": _as_stored(entry)},
        )


#: How entries about a case refer to it.
_CASE = "request:"


def _as_stored(entry: LedgerEntry) -> dict[str, Any]:
    """What the entry would bind today; a finding that a later entry binds is left to that one."""
    # Before the later entries: a finding replaced meanwhile is then bound by one of these.
    findings = Evidence.objects.filter(plan__case_id=entry.reference.removeprefix(_CASE))
    stored = {binding_key(row): row for row in findings.select_related("step__artifact")}
    later = _bound_later(entry)
    return {
        key: bound if key in later else _binding(stored.get(key), bound)
        for key, bound in entry.payload["evidence"].items()
    }


def _binding(row: Evidence | None, bound: object) -> Any:  # noqa: ANN401 - as JSON holds it
    """Bind a finding as it is stored, in the form that the entry has; None where it is gone."""
    if row is None:
        return None
    # Entries of earlier versions bind the data alone.
    return row.digest if isinstance(bound, str) else as_recorded([row])[binding_key(row)]


def _bound_later(entry: LedgerEntry) -> set[str]:
    entries = LedgerEntry.objects.filter(
        reference=entry.reference, index__gt=entry.index, payload__has_key="evidence"
    )
    payloads = entries.values_list("payload", flat=True)
    return {key for payload in payloads for key in payload["evidence"]}

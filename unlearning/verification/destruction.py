"""What the receipts of a destruction show."""

from collections.abc import Mapping, Sequence

from unlearning.verification import Finding
from unlearning.verification.wording import counted


def destruction_finding(kind: str, name: str, receipts: Sequence[Mapping[str, object]]) -> Finding:
    """Judge a destruction by its receipts, one a location.

    Args:
        kind: ``artifact_destroyed`` or ``superseded_destroyed``.
        name: The artifact, as people call it.
        receipts: ``{"location", "files", "bytes", "digest", "absent", "reason"}``; ``absent`` means
            that the location was read again afterwards and held nothing.

    Returns:
        Failed where a location still holds files or could not be reached; inconclusive where a
        location was empty before anything was deleted, which shows nothing about where the files
        went.
    """
    payload = {"receipts": [dict(receipt) for receipt in receipts]}
    left = [receipt for receipt in receipts if not receipt["absent"]]
    if left or not receipts:
        where = "; ".join(f"{receipt['location']}: {receipt['reason']}" for receipt in left)
        summary = f"{name} was not destroyed everywhere: {where or 'no location is recorded'}."
        return Finding(kind=kind, outcome="failed", summary=summary, payload=payload)
    files = sum(int(str(receipt["files"])) for receipt in receipts)
    size = sum(int(str(receipt["bytes"])) for receipt in receipts)
    empty = [str(receipt["location"]) for receipt in receipts if not receipt["files"]]
    summary = (
        f"{name}: {counted(files, 'file')} of {size:,} bytes deleted at "
        f"{counted(len(receipts) - len(empty), 'location')}; read again, nothing is there."
    )
    if empty:
        summary += f" Nothing was found there to begin with: {', '.join(empty)}."
        return Finding(kind=kind, outcome="inconclusive", summary=summary, payload=payload)
    return Finding(kind=kind, outcome="passed", summary=summary, payload=payload)

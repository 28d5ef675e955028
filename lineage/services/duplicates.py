"""What an officer decides of a row that says the same as a data subject's record."""

from django.db import transaction
from django.utils import timezone

from governance.errors import InvalidInput
from governance.ledger.services import append_entry
from governance.subjects import SubjectDigest, subject_digest
from lineage.locks import lock_graph
from lineage.models import DuplicateDecision
from lineage.selectors.duplicates import duplicates_of
from lineage.services.fingerprints import link_duplicates


@transaction.atomic
def decide_duplicate(
    *, subject: SubjectDigest, record_id: str, decision: str, actor: str
) -> DuplicateDecision.Decision:
    """Decide whose row a duplicate is.

    A row of the same person is a record of theirs from then on, in every dataset: a trace finds it
    and a plan takes it along. A row of another person stays, and no claim calls it open any more.

    Args:
        subject: The data subject whose records it resembles.
        record_id: Of the duplicate, as :func:`lineage.selectors.duplicates_of` lists it.
        decision: A value of :class:`lineage.models.DuplicateDecision.Decision`.
        actor: Who decides, as the ledger names people.

    Raises:
        InvalidInput: The data subject has no duplicate of this id.
    """
    # The lock guarantees that the row decided upon is still there, and names what it named.
    lock_graph()
    rows = [row for row in duplicates_of(subject) if row.record_id == record_id]
    if not rows:
        raise InvalidInput.at(
            "/record", "No undecided row of this id says the same as a record of this person."
        )
    made = DuplicateDecision.Decision(decision)
    for content in {row.content for row in rows}:
        DuplicateDecision.objects.update_or_create(
            subject_digest=subject.value,
            key_version=subject.key_version,
            record_id=record_id,
            content=content,
            defaults={"decision": made, "decided_by": actor, "decided_at": timezone.now()},
        )
    append_entry(
        kind="duplicate.decided",
        actor=actor,
        reference="record-index",
        payload={
            # Record ids are few enough to try them all: under the key nobody can.
            "record": subject_digest(record_id).value.hex(),
            "decision": made.value,
        },
    )
    if made is DuplicateDecision.Decision.SAME_PERSON:
        link_duplicates({row.segment for row in rows})
    return made

"""What data subjects chose, noted down under their keyed digests."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from governance.errors import InvalidInput
from governance.subjects import subject_digest
from lineage.models import SubjectChoice
from lineage.permission import EVERY_PURPOSE, Choice
from lineage.terms import UnusableTermsError, purpose_in


@transaction.atomic
def record_choice(
    *,
    identifier: str,
    choice: Choice,
    told_by: str,
    purpose: str = EVERY_PURPOSE,
    chosen_at: datetime | None = None,
) -> bool:
    """Add a choice of a data subject; telling the same one again adds nothing.

    It is kept under every version of the key that is configured, so that it meets the person's
    rows whichever version they were read under.

    Args:
        identifier: An e-mail address or customer number in any spelling; it is not kept.
        choice: What they decided.
        told_by: Who tells, e.g. ``client:consent-form``.
        purpose: What about; empty for every purpose.
        chosen_at: When they decided; None for now.

    Returns:
        Whether it was new.

    Raises:
        InvalidInput: The purpose is unusable, or the moment lies ahead.
    """
    now = timezone.now()
    if chosen_at is not None and chosen_at > now:
        raise InvalidInput.at("/chosen_at", "This must not lie in the future.")
    try:
        about = purpose_in(purpose) if purpose else EVERY_PURPOSE
    except UnusableTermsError as error:
        raise InvalidInput.at("/purpose", f"This {error.rule}.") from error
    added = []
    for version in settings.SUBJECT_PEPPERS:
        subject = subject_digest(identifier, key_version=version)
        _, new = SubjectChoice.objects.get_or_create(
            subject_digest=subject.value,
            key_version=subject.key_version,
            purpose=about,
            chosen_at=chosen_at or now,
            choice=choice.value,
            defaults={"told_by": told_by},
        )
        added.append(new)
    return any(added)

"""Whom a request is about."""

from django.conf import settings

from deletion_requests.models import DeletionRequest
from governance.sealing import unseal
from governance.subjects import SubjectDigest, subject_digest


def subject_of(request: DeletionRequest) -> SubjectDigest:
    """Whom a request is about, under every version of the key.

    The digest of the day of the request is enough while there is one version only. With several,
    rows lie under another one; its digest comes from the sealed address alone.

    Raises:
        CannotUnseal: The address was sealed with another key.
    """
    if set(settings.SUBJECT_PEPPERS) == {request.key_version}:
        return SubjectDigest(value=bytes(request.subject_digest), key_version=request.key_version)
    return subject_digest(unseal(request.sealed_contact))

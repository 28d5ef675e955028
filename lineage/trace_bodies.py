"""What the calls about traces take in their bodies; no address ever names a person."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from governance.errors import InvalidInput
from governance.parsing import StrictSerializer
from governance.subjects import subject_digest
from lineage.moments import moment_from
from lineage.parsing import SubjectBody
from lineage.selectors import Asked, OneArtifact, OneRecord

#: Rows on a page where the caller names no number, and at most.
PAGE_SIZE, LARGEST_PAGE = 100, 1000
#: Paths that a stream can be asked for; who names no number gets all.
MOST_PATHS = 10**9


class ArtifactField(serializers.Field[str, Any, Any, Any]):
    """An artifact by its id, as a number or in words, by its identity or by its name."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - DRF fixes the signature
        super().__init__(**options)
        self._words = serializers.CharField(max_length=500)

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 - DRF fixes the signature
        """Take a whole number or a string.

        Raises:
            serializers.ValidationError: It is anything else, empty, or too long.
        """
        if isinstance(data, bool) or not isinstance(data, int | str):
            raise serializers.ValidationError("This must be an id, an identity or a name.")
        words: str = self._words.run_validation(data)
        return words


class StartBody(StrictSerializer):
    """What is asked about: exactly one of these."""

    subject = SubjectBody(required=False)
    record = serializers.CharField(max_length=200, required=False)
    artifact = ArtifactField(required=False)


class TraceBody(StartBody):
    """A trace, of now or as of a moment, and which page of it."""

    as_of = serializers.CharField(required=False)
    cursor = serializers.CharField(required=False, max_length=2000)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_PAGE)


class DifferenceBody(StartBody):
    """Between which moments; without the later one, between the earlier one and now."""

    before = serializers.CharField()
    after = serializers.CharField(required=False)


class PathsBody(StartBody):
    """To which artifact, and how many paths."""

    as_of = serializers.CharField(required=False)
    to = serializers.IntegerField(min_value=1)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST_PATHS)


def asked_in(body: dict[str, Any]) -> Asked:
    """Read what is asked about.

    Raises:
        InvalidInput: It is not exactly one thing.
    """
    given = [name for name in ("subject", "record", "artifact") if name in body]
    if len(given) != 1:
        detail = "Say what is asked about: exactly one of subject, record and artifact."
        raise InvalidInput.at("", detail)
    if "record" in body:
        return OneRecord(record_id=body["record"])
    if "artifact" in body:
        return OneArtifact(words=body["artifact"])
    return subject_digest(body["subject"]["email"])


def moment_in(body: dict[str, Any], field: str) -> datetime | None:
    """Read a moment; None where none is given.

    Raises:
        InvalidInput: It is no moment, or has no offset.
    """
    return moment_from(body[field], field) if field in body else None

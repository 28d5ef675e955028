"""What can go wrong in the lineage app."""

from governance.errors import Conflict, InvalidInput, NotFound, VestigeError


class UnusableEvent(InvalidInput):
    """The OpenLineage event breaks the core schema; the errors name each place."""

    title = "Unusable OpenLineage event"
    type = "unusable-event"


class ArtifactNotFound(NotFound):
    """There is no artifact of this kind under this id."""

    title = "Artifact not found"
    type = "artifact-not-found"


class UnreadableRecords(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """The rows of a dataset cannot be read; its record index was left as it was."""

    status = 422
    title = "Unreadable records"
    type = "unreadable-records"


class SegmentNumberTooLarge(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """The id of a segment does not fit into a posting; the record index was left as it was."""

    status = 422
    title = "Segment number too large"
    type = "segment-number-too-large"


class ActivityNotFound(NotFound):
    """There is no run of this name or id."""

    title = "Run not found"
    type = "run-not-found"


class RecordNotFound(NotFound):
    """The record index holds no record with this id."""

    title = "Record not found"
    type = "record-not-found"


class AnswerChanged(Conflict):
    """What the first page was found from is no longer known as it was; start again without cursor.

    The graph keeps its history, the record index does not: what is forgotten of a data subject is
    in no later answer, also not in one as of an earlier moment.
    """

    title = "Answer changed"
    type = "answer-changed"

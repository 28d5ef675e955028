"""What can go wrong with plans and jobs; each docstring is the sentence a reader gets."""

from governance.errors import Conflict, NotFound, VestigeError


class PlanNotFoundError(NotFound):
    """There is no such plan."""


class JobNotFoundError(NotFound):
    """There is no such job."""


class PlanStartedError(Conflict):
    """This plan was started already."""


class NothingToPlanError(Conflict):
    """The trace names no artifact, so there is nothing to plan."""


class SharedRecordIdsError(Conflict):
    """An id of the data subject's records is the id of somebody else's record."""


class UnrepeatableTrainingError(Conflict):
    """What this was made from is not recorded so that it can be made again."""


class LineageTooDeepError(UnrepeatableTrainingError):
    """Too many models lie behind this one, or they lie in a circle."""


class LeaseLostError(Exception):
    """Another worker holds this job now; whatever this attempt made has no effect."""


class JobFailedError(Exception):
    """The method did not finish; the message is what it reported."""


class ResultOutdatedError(JobFailedError):
    """The files changed since the result was made; it is dropped and made anew."""


class PromotionRefusedError(JobFailedError):
    """A new version may not go live without a person's word; trying again changes nothing."""


class ProductError(VestigeError):
    """The product's control endpoint did not do what it was asked."""

    status = 502
    title = "The product did not answer as expected"

"""Typed errors: the class says which problem it is, the docstring is the default message.

``governance.problems`` turns every one of these into ``application/problem+json`` (RFC 9457).
"""

from dataclasses import dataclass
from inspect import cleandoc
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """What is wrong with one field of the input."""

    #: JSON Pointer (RFC 6901) into the request body; empty for the body as a whole.
    pointer: str
    #: One sentence for the person who sent it.
    detail: str


class VestigeError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    type: ClassVar[str] = "bad-request"

    def __init__(self, detail: str = "", *, errors: tuple[FieldError, ...] = ()) -> None:
        self.detail = detail or cleandoc(type(self).__doc__ or "").split("\n", 1)[0]
        self.errors = errors
        super().__init__(self.detail)


class InvalidInput(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """The input breaks a rule; the errors name each field."""

    status = 422
    title = "Invalid input"
    type = "invalid-input"

    @classmethod
    def at(cls, pointer: str, detail: str) -> "InvalidInput":
        """Build the error for one field.

        Args:
            pointer: JSON Pointer of the field, e.g. ``/code``.
            detail: One sentence for the person who sent it.
        """
        return cls(detail, errors=(FieldError(pointer=pointer, detail=detail),))


class NotAllowed(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """You may not do this."""

    status = 403
    title = "Not allowed"
    type = "not-allowed"


class NotFound(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """There is nothing at this address."""

    status = 404
    title = "Not found"
    type = "not-found"


class Conflict(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """This contradicts what is already recorded."""

    status = 409
    title = "Conflict"
    type = "conflict"


class StaleState(Conflict):
    """Somebody else changed this first; load it again and decide anew."""

    title = "Changed meanwhile"
    type = "stale-state"


class TooLarge(VestigeError):  # noqa: N818 - the words of the API, not of Python
    """The request body is larger than this service accepts."""

    status = 413
    title = "Body too large"
    type = "too-large"

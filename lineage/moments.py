"""Moments as people write them: pure."""

from datetime import datetime

from governance.errors import InvalidInput

_REMEDY = "Write it like 2026-11-25T18:00:00+01:00, or with Z at the end for UTC."


def moment_from(text: str, field: str) -> datetime:
    """Read a moment in ISO 8601.

    A time without an offset is refused rather than guessed: an hour more or less gives another
    answer.

    >>> moment_from("2026-11-25T18:00:00+01:00", "as_of").isoformat()
    '2026-11-25T18:00:00+01:00'

    Args:
        text: What was given.
        field: Name of the field or option, for the error.

    Raises:
        InvalidInput: It is no moment, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput.at(f"/{field}", f"{field}: {text!r} is no moment. {_REMEDY}") from error
    demand_offset(moment, field)
    return moment


def demand_offset(moment: datetime, field: str) -> None:
    """Refuse a moment without an offset.

    Raises:
        InvalidInput: It has none.
    """
    if moment.utcoffset() is None:
        detail = f"{field}: {moment.isoformat()} does not say in which time zone. {_REMEDY}"
        raise InvalidInput.at(f"/{field}", detail)

"""How this app sends mail: once an attempt, with pauses between attempts, and never for ever."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail

log = logging.getLogger(__name__)

#: Minutes to wait after the first attempt; each further wait is this many times as long.
_FIRST_PAUSE_MINUTES = 1
_GROWTH = 5


class MailNotSentError(Exception):
    """The mail server did not take the letter."""


def deliver(*, subject: str, text: str, address: str) -> None:
    """Hand one letter to the mail server.

    Raises:
        MailNotSentError: It was not taken; the message names the kind of trouble, no address.
    """
    try:
        send_mail(subject=subject, message=text, from_email=None, recipient_list=[address])
    except Exception as error:  # mail backends raise whatever they like
        log.exception("A letter could not be mailed.")
        raise MailNotSentError(_trouble(error)) from error


def attempts_are_spent(attempts: int) -> bool:
    """Whether a person must see to a letter that was tried this often."""
    return attempts >= settings.JOB_MAX_ATTEMPTS


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts before the next one."""
    return timedelta(minutes=_FIRST_PAUSE_MINUTES * _GROWTH ** max(attempts - 1, 0))


def _trouble(error: Exception) -> str:
    """Say what went wrong without addresses, which a server's own words may hold."""
    if isinstance(error, OSError) and error.strerror and error.errno:
        return f"the mail server cannot be used ({error.strerror})."
    return f"the mail server did not take it ({type(error).__name__})."

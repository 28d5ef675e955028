"""How this app sends mail: one letter, one attempt."""

import logging

from django.core.mail import send_mail

log = logging.getLogger(__name__)


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


def _trouble(error: Exception) -> str:
    """Say what went wrong without addresses, which a server's own words may hold."""
    if isinstance(error, OSError) and error.strerror and error.errno:
        return f"the mail server cannot be used ({error.strerror})."
    return f"the mail server did not take it ({type(error).__name__})."

"""The outside recipient of a copy: reads its mail, erases the rows, and answers by the link."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import requests

from vestige.demo.journey import CALL_SECONDS, JourneyError
from vestige.demo.mail import letters_in

#: Where the recipient gets its mail.
ADDRESS = "privacy@lakeside.example"
#: Field in the form of the page on which it answers.
FIELD = "csrfmiddlewaretoken"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a letter asks."""

    record_ids: tuple[str, ...]
    #: Page on which the recipient answers.
    link: str


@dataclass(kw_only=True)
class Partner:
    """Does what each letter about one request asks, once."""

    mail_dir: Path
    #: Erases records from the recipient's copy and returns how many rows went.
    erase: Callable[[Collection[str]], int]
    #: Message-IDs of the letters that were answered.
    _answered: set[str] = field(default_factory=set)

    def read_mail(self, reference: str) -> int:
        """Answer the letters about a request that have arrived since the last look.

        Returns:
            How many rows were erased from the copy.

        Raises:
            JourneyError: a letter is not understood, or the answer was refused.
        """
        erased = 0
        for message in letters_in(self.mail_dir):
            letter = str(message["Message-ID"])
            if letter in self._answered:
                continue
            if str(message["To"]) == ADDRESS and reference in str(message["Subject"]):
                notice = read_notice(str(message.get_content()))
                erased += self.erase(notice.record_ids)
                acknowledge(notice.link)
                self._answered.add(letter)
        return erased


def read_notice(text: str) -> Notice:
    """Find the records and the link in a letter.

    Raises:
        JourneyError: one of them is not there.
    """
    listed = re.search(r"^Records concerned \(\d+\):\n((?: {2}\S+\n)+)", text, re.MULTILINE)
    link = re.search(r"https?://\S+/acknowledge/\S+", text)
    if listed is None or link is None:
        raise JourneyError("The recipient does not understand the letter: no records, or no link.")
    return Notice(record_ids=tuple(listed.group(1).split()), link=link.group(0))


def acknowledge(link: str) -> None:
    """Open the page of a letter and press its button, unless it was answered before.

    Raises:
        JourneyError: the page does not take the answer.
    """
    session = requests.Session()
    answered = session.get(link, timeout=CALL_SECONDS)
    # The page that says thank you has no form any more.
    if answered.ok and FIELD in answered.text:
        answered = session.post(
            link,
            data={FIELD: session.cookies.get("csrftoken", "")},
            headers={"Referer": link},
            timeout=CALL_SECONDS,
        )
    if not answered.ok:
        raise JourneyError(f"The acknowledgement was refused ({answered.status_code}).")

"""A data subject, two officers and a recipient who do not give up: they try through every crash."""

import threading
import time
from pathlib import Path
from typing import Any

import requests

from config.embedded.errors import ServiceError
from vestige.demo.access import Access
from vestige.demo.journey import Intake, JourneyError, approve, mailed_code
from vestige.demo.partner import Partner

#: Seconds between two tries.
PAUSE = 0.2
#: States that nothing leaves, and the one that only a person does.
ENDED = frozenset({"closed", "denied", "withdrawn", "expired", "needs_human"})


class Journey(threading.Thread):
    """One request from its letter to its end, over HTTP as its users would carry it.

    Every try has the same Idempotency-Key; whatever a try meets, the next one looks at how the
    request stands and does what is due.
    """

    def __init__(  # noqa: PLR0913 - who asks, where, and when to wait, by name
        self,
        *,
        url: str,
        mail: Path,
        access: Access,
        partner: Partner,
        email: str,
        key: str,
        after: "Journey | None" = None,
    ) -> None:
        """Describe the request.

        Args:
            url: Of the installation.
            mail: Folder in which its mails arrive.
            access: Logins and keys.
            partner: The outside recipient of a copy.
            email: The data subject's address.
            key: The Idempotency-Key.
            after: A request whose end the data subject awaits before entering the code.
        """
        super().__init__(name=f"journey {key}", daemon=True)
        self.email, self.key = email, key
        #: Set each time just before the letter is posted.
        self.posting = threading.Event()
        #: Ids in answers 201 to this key; a second one would be a second request.
        self.acknowledged: set[str] = set()
        #: Posts that got no answer, or one that acknowledged nothing.
        self.unanswered = 0
        self.document: dict[str, Any] = {}
        #: What the last try met; empty when it went well.
        self.trouble = ""
        self._url, self._mail, self._access, self._after = url, mail, access, after
        self._partner = partner
        self._intake = Intake(url=url, key=access.intake_key)
        self._stop_asked = threading.Event()

    @property
    def state(self) -> str:
        """The state that was last seen, empty before the first."""
        return str(self.document.get("state", ""))

    @property
    def ended(self) -> bool:
        """Whether it ended."""
        return self.state in ENDED

    @property
    def id(self) -> str:
        """Id of the request, empty before it was acknowledged."""
        return min(self.acknowledged, default="")

    def stop(self) -> None:
        """Stop trying."""
        self._stop_asked.set()

    def run(self) -> None:
        """Try until the request has ended."""
        while not self.ended and not self._stop_asked.is_set():
            try:
                self._act()
                self.trouble = ""
            except (requests.RequestException, JourneyError, ServiceError, KeyError) as error:
                self.trouble = str(error)
            time.sleep(PAUSE)

    def post(self) -> None:
        """Post the letter, for the first time or again, and note what is acknowledged."""
        self.posting.set()
        try:
            receipt = self._intake.file_request(subject_email=self.email, idempotency_key=self.key)
        except (requests.RequestException, JourneyError):
            self.unanswered += 1
            raise
        self.acknowledged.add(receipt["id"])

    def export(self) -> bytes:
        """The export as its reader downloads it."""
        return self._intake.export(self.id)

    def _act(self) -> None:
        """Do what is due as the request stands now."""
        if not self.acknowledged:
            self.post()
        request = self._intake.read(self.id)
        if request["state"] == "identity_pending" and (self._after is None or self._after.ended):
            code = mailed_code(
                self._mail, address=self.email, reference=request["reference"], seconds=5
            )
            self._intake.confirm_identity(request_id=self.id, code=code)
        elif request["state"] == "planned":
            self._approve(request["plan"])
        elif request["state"] == "partly_done":
            # Not sooner, so that kills meet a request that waits for nothing but its recipient.
            self._partner.read_mail(request["reference"])
        self.document = request

    def _approve(self, plan: dict[str, Any]) -> None:
        given = {approval["officer"] for approval in plan["approvals"]}
        for officer in self._access.officers:
            if officer.username not in given:
                approve(
                    url=self._url,
                    officer=officer,
                    request_id=self.id,
                    plan_digest=plan["digest"],
                )

"""The demo's people read their mail from a folder, sometimes while a letter is being written."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

from vestige.demo.journey import JourneyError, mailed_code
from vestige.demo.partner import ADDRESS, Partner

REFERENCE = "VR-2026-7"


class Page(BaseHTTPRequestHandler):
    """The page on which a recipient answers."""

    answers: list[str]

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<form method="post"><input name="csrfmiddlewaretoken"></form>')

    def do_POST(self) -> None:
        self.answers.append(self.path)
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[HTTPServer]:
    Page.answers = []
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def letter(folder: Path, *, to: str, text: str) -> Path:
    """A letter as the file backend of the relay writes it."""
    message = EmailMessage(subject=f"Request {REFERENCE}", body=text, to=[to])
    EmailBackend(file_path=str(folder)).send_messages([message])
    (path,) = folder.glob("*.log")
    return path


def every_beginning(path: Path) -> Iterator[None]:
    """Let a file grow from nothing, a part at a time, to just before its end."""
    whole = path.read_bytes()
    for length in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 80, len(whole) - 1):
        path.write_bytes(whole[:length])
        yield
    path.write_bytes(whole)


def test_the_partner_waits_for_the_end_of_its_letter_and_answers_it_once(
    tmp_path: Path, page: HTTPServer
) -> None:
    text = (
        "Records concerned (2):\n  C-1\n  C-2\n\n"
        f"http://127.0.0.1:{page.server_port}/acknowledge/token\n"
    )
    path = letter(tmp_path, to=ADDRESS, text=text)
    erased: list[tuple[str, ...]] = []

    def erase(records: object) -> int:
        assert isinstance(records, tuple)
        erased.append(records)
        return len(records)

    partner = Partner(mail_dir=tmp_path, erase=erase)
    for _ in every_beginning(path):
        assert partner.read_mail(REFERENCE) == 0
    assert (erased, Page.answers) == ([], [])
    assert [partner.read_mail(REFERENCE) for _ in range(2)] == [2, 0]
    assert (erased, Page.answers) == ([("C-1", "C-2")], ["/acknowledge/token"])


def test_a_code_is_read_from_a_whole_letter_only(tmp_path: Path) -> None:
    path = letter(tmp_path, to="ann@example.org", text="Your code: 123456\n")

    def code() -> str:
        return mailed_code(tmp_path, address="ann@example.org", reference=REFERENCE, seconds=0.01)

    for _ in every_beginning(path):
        with pytest.raises(JourneyError, match="No mail"):
            code()
    assert code() == "123456"


def test_letters_that_leave_in_the_same_second_share_a_file_and_are_all_read(
    tmp_path: Path, page: HTTPServer
) -> None:
    link = f"http://127.0.0.1:{page.server_port}/acknowledge"
    letters = [
        EmailMessage(
            subject=f"Request {REFERENCE}",
            body=f"Records concerned (1):\n  C-{n}\n\n{link}/token-{n}\n",
            to=[ADDRESS],
        )
        for n in range(2)
    ]
    letters.append(
        EmailMessage(
            subject=f"Request {REFERENCE}", body="Your code: 123456\n", to=["ann@example.org"]
        )
    )
    EmailBackend(file_path=str(tmp_path)).send_messages(letters)
    assert len(list(tmp_path.iterdir())) == 1

    assert Partner(mail_dir=tmp_path, erase=len).read_mail(REFERENCE) == 2
    assert sorted(Page.answers) == ["/acknowledge/token-0", "/acknowledge/token-1"]
    code = mailed_code(tmp_path, address="ann@example.org", reference=REFERENCE, seconds=0.01)
    assert code == "123456"

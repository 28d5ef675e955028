"""People who do not give up: a letter whose answer was lost is sent again under the same key."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.kit.checks import refused_again, refused_export
from bench.kit.users import Journey
from vestige.demo.access import Access
from vestige.demo.journey import JourneyError
from vestige.demo.partner import Partner

ID = "3f2c8a6e-0000-4000-8000-000000000001"


class Breaking(BaseHTTPRequestHandler):
    """Takes the first letter and dies before it answers; closes the request at the third look."""

    server: "Office"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        if len(self.server.keys) == 1:
            self.close_connection = True
            return
        if self.server.refuses:
            self._answer(409, {"title": "The key was used for another request."})
            return
        self._answer(201, {"id": ID, "reference": "VR-1", "state": "received"})

    def do_GET(self) -> None:
        if self.path.endswith("/export.zip"):
            self._answer(404 if self.server.refuses else 200, {"export": "yes"})
            return
        self.server.looks += 1
        state = "closed" if self.server.looks > 2 else "executing"
        status = 500 if self.server.looks == 1 else 200
        self._answer(status, {"id": ID, "reference": "VR-1", "state": state, "plan": None})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep silent."""


class Office(ThreadingHTTPServer):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Breaking)
        self.keys: list[str] = []
        self.looks = 0
        self.refuses = False


@pytest.fixture
def office() -> Iterator[Office]:
    server = Office()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def journey(office: Office, tmp_path: Path) -> Journey:
    return Journey(
        url=f"http://127.0.0.1:{office.server_port}",
        mail=tmp_path,
        access=Access(officers=(), capture_key="", intake_key="vst_test"),
        partner=Partner(mail_dir=tmp_path, erase=len),
        email="ada@example.org",
        key="crash-1-0",
    )


def test_a_letter_is_sent_again_until_it_is_acknowledged_and_followed_to_its_end(
    office: Office, journey: Journey
) -> None:
    journey.start()
    journey.join(timeout=30)
    assert journey.ended
    assert journey.state == "closed"
    assert journey.trouble == ""
    assert office.keys == ["crash-1-0", "crash-1-0"]
    assert (journey.acknowledged, journey.unanswered) == ({ID}, 1)


def test_a_letter_that_is_refused_when_it_is_posted_again_is_wrong(
    office: Office, journey: Journey
) -> None:
    office.keys.append("an earlier letter")
    assert refused_again(journey) == []
    office.refuses = True
    [found] = refused_again(journey)
    assert found.startswith("crash-1-0, posted again with everything up: ")
    assert "409" in found


def test_an_export_that_is_refused_is_wrong(
    office: Office, journey: Journey, tmp_path: Path
) -> None:
    office.keys.append("an earlier letter")
    journey.post()
    export = tmp_path / "export.zip"
    assert refused_export(journey, export) == []
    assert json.loads(export.read_bytes()) == {"export": "yes"}
    office.refuses = True
    [found] = refused_export(journey, export)
    assert found.startswith(f"{ID}: no export: ")
    assert "404" in found


def test_a_journey_that_is_stopped_gives_up(journey: Journey) -> None:
    journey.stop()
    journey.start()
    journey.join(timeout=30)
    assert not journey.ended


def test_what_a_try_met_is_told(office: Office, journey: Journey) -> None:
    office.keys.append("an earlier letter")
    journey.post()
    with suppress(JourneyError):
        journey._act()  # noqa: SLF001 - one try, without the loop around it
    assert journey.acknowledged == {ID}
    assert journey.unanswered == 0

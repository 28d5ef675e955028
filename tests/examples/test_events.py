"""The data step is reported as any OpenLineage pipeline would report it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from examples.company.events import emit_dataset
from examples.company.prepare_data import RECORD_INDEX, prepare


class Receiver(HTTPServer):
    """Keeps what was sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    """Accepts every event."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.append(json.loads(body))
        self.server.keys.add(self.headers["Authorization"])
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_second_version_says_what_it_holds_and_where_it_came_from(
    receiver: Receiver, tmp_path: Path
) -> None:
    prepare(tmp_path, rows=50)
    url = f"http://127.0.0.1:{receiver.server_port}"

    for _ in range(2):
        emit_dataset(tmp_path / "adult-v2", RECORD_INDEX, url=url, api_key="vst_key")

    start, complete, *again = receiver.events
    assert again == [start, complete], "sent again, the events are the same events"
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert receiver.keys == {"Bearer vst_key"}
    assert [dataset["name"] for dataset in complete["inputs"]] == ["adult-v1"]
    facets = complete["outputs"][0]["facets"]
    assert facets["dataSource"]["uri"] == (tmp_path / "adult-v2").as_uri()
    assert facets["version"]["datasetVersion"] == "1"
    index = facets["vestige_recordIndex"]
    assert {key: index[key] for key in RECORD_INDEX} == RECORD_INDEX

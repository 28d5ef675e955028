"""A deployed product: ``python -m examples.company.product --product NAME --port P --state DIR``.

``POST /predict`` answers those who use the product: ``{"record_id"?, "features": {}}`` at the offer
desk, ``{"record_id"?, "pixels": "<hex>"}`` at the digit reader. The offer desk also finds the
customers who are nearest to one, by ``POST /similar`` ``{"record_id", "k"?}``. ``GET /healthz``
says what is served, and every answer names the served weights in ``X-Model-Digest`` (and
``X-Index-Digest`` where there is an index). Below ``/control/``, with the bearer token of
``VESTIGE_CONTROL_TOKEN``: ``PUT`` and ``DELETE suppressions/<rule>``, and ``POST reload``, which
reads the alias ``production`` again. A suppressed record gets status 451 (RFC 7725).
"""

import argparse
import contextlib
import hmac
import json
import os
import signal
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from examples.company.products import PRODUCTS, predict
from examples.company.serving import Rule, Served, Suppressions, load_served
from unlearning.training import make_deterministic

MAX_BODY_BYTES = 64 * 1024
MAX_NEIGHBOURS = 50


#: Answers one path; gets the rule's name where the path ends in one.
Action: TypeAlias = Callable[[str], dict[str, object]]


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An answer other than 200."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Product(ThreadingHTTPServer):
    """The server with what it serves."""

    daemon_threads = True

    def __init__(self, port: int, *, served: Served, state: Path, token: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.served = served
        self.suppressions = Suppressions(state / "suppressions.json")
        self.token = token


class Handler(BaseHTTPRequestHandler):
    """One request: find the action, answer JSON."""

    server: Product
    timeout = 30

    def do_GET(self) -> None:
        """Answer GET."""
        self._answer({"/healthz": self._health})

    def do_POST(self) -> None:
        """Answer POST."""
        self._answer(
            {"/predict": self._predict, "/similar": self._similar, "/control/reload": self._reload}
        )

    def do_PUT(self) -> None:
        """Answer PUT."""
        self._answer({"/control/suppressions": self._suppress})

    def do_DELETE(self) -> None:
        """Answer DELETE."""
        self._answer({"/control/suppressions": self._lift})

    def _answer(self, actions: dict[str, Action]) -> None:
        path, rule = self.path, ""
        if path.startswith("/control/suppressions/"):
            path, _, rule = path.rpartition("/")
        try:
            if path.startswith("/control/"):
                self._require_token()
            action = actions.get(path, self._nothing)
            status, body = HTTPStatus.OK, action(rule)
        except Refusal as refusal:
            status, body = refusal.status, {"detail": str(refusal)}
        self._send(status, body)

    def _nothing(self, _rule: str) -> dict[str, object]:
        raise Refusal(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _health(self, _rule: str) -> dict[str, object]:
        return dict(self.server.served.digests)

    def _predict(self, _rule: str) -> dict[str, object]:
        body, served = self._body(), self.server.served
        record_id = body.get("record_id")
        if record_id is not None:
            self._refuse_suppressed(str(record_id))
        try:
            return predict(served.spec, served.model, body)
        except ValueError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error

    def _similar(self, _rule: str) -> dict[str, object]:
        index = self.server.served.index
        if index is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "this product has no index")
        body = self._body()
        customer, k = str(body.get("record_id")), body.get("k", 10)
        self._refuse_suppressed(customer)
        if not isinstance(k, int) or not 1 <= k <= MAX_NEIGHBOURS:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"k is from 1 to {MAX_NEIGHBOURS}")
        try:
            nearest = index.search(index.vector(customer), k=k + 1 + MAX_NEIGHBOURS)
        except KeyError as error:
            raise Refusal(HTTPStatus.NOT_FOUND, "no such customer in the index") from error
        others = [
            {"record_id": name, "similarity": round(score, 6)}
            for name, score in nearest
            if name != customer and not self.server.suppressions.covers(name)
        ]
        return {"similar": others[:k]}

    def _reload(self, _rule: str) -> dict[str, object]:
        try:
            self.server.served = load_served(self.server.served.spec)
        except LookupError as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from error
        return self._health("")

    def _suppress(self, rule: str) -> dict[str, object]:
        try:
            self.server.suppressions.put(rule, Rule.parse(self._body()))
        except ValueError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        return {"rule": rule}

    def _lift(self, rule: str) -> dict[str, object]:
        if not self.server.suppressions.remove(rule):
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such rule")
        return {"rule": rule}

    def _refuse_suppressed(self, record_id: str) -> None:
        if self.server.suppressions.covers(record_id):
            detail = "no answers are given about this record"
            raise Refusal(HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, detail)

    def _require_token(self) -> None:
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "the control token is missing or wrong")

    def _body(self) -> dict[str, object]:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
        if int(length) > MAX_BODY_BYTES:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY_BYTES} bytes"
            )
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON") from error
        if not isinstance(body, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body must be an object")
        return body

    def _send(self, status: HTTPStatus, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, digest in self.server.served.digests.items():
            self.send_header(f"X-{name.title()}-Digest", digest)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep silent: a line would hold who was asked about."""


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--product", choices=PRODUCTS, default="offer-desk")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the rules")
    options = parser.parse_args(argv)
    token = os.environ.get("VESTIGE_CONTROL_TOKEN", "")
    if not token:
        raise SystemExit("set VESTIGE_CONTROL_TOKEN: without it anyone could lift a suppression")
    options.state.mkdir(parents=True, exist_ok=True)
    make_deterministic()
    served = load_served(PRODUCTS[options.product])
    product = Product(options.port, served=served, state=options.state, token=token)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=product.shutdown).start())
    print(f"{options.product} answers at http://127.0.0.1:{product.server_port}", flush=True)
    with product, contextlib.suppress(KeyboardInterrupt):
        product.serve_forever()


if __name__ == "__main__":
    main()

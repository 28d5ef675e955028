"""The product names the weights it serves and keeps silent about the suppressed."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from examples.company.digits import DigitReader
from examples.company.networks import Ensemble
from examples.company.prepare_data import read_adult
from examples.company.product import MAX_BODY_BYTES, Product
from examples.company.products import PRODUCTS
from examples.company.serving import Served
from unlearning.digests import weights_digest
from unlearning.methods.output_suppression import suppression_digest
from unlearning.vectors import VectorIndex

TOKEN = "control"
SALT = "ab" * 16


class Desk:
    """A running product and a caller."""

    def __init__(self, product: Product) -> None:
        self.product = product

    def call(
        self, verb: str, path: str, body: object = None, *, token: str = ""
    ) -> tuple[int, dict[str, object], str]:
        """Return status, JSON and the digest in the header."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.product.server_port}{path}",
            data=None if body is None else data,
            method=verb,
            headers={"Authorization": f"Bearer {token}"},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
                return answer.status, json.load(answer), answer.headers["X-Model-Digest"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers["X-Model-Digest"]


def serving(served: Served, state: Path) -> Iterator[Desk]:
    product = Product(0, served=served, state=state, token=TOKEN)
    thread = Thread(target=product.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Desk(product)
    product.shutdown()
    thread.join()
    product.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The offer desk."""
    model = Ensemble(2, 4).eval()
    index = VectorIndex.build(
        ["C-1", "C-2", "C-3"], np.array([[1, 0], [0.9, 0.1], [0, 1]], dtype=np.float32)
    )
    served = Served(
        spec=PRODUCTS["offer-desk"],
        model=model,
        model_digest=weights_digest(model.state_dict()),
        index=index,
        index_digest="sha256:index",
    )
    yield from serving(served, tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Desk]:
    """The digit reader."""
    model = DigitReader().eval()
    served = Served(
        spec=PRODUCTS["digit-reader"],
        model=model,
        model_digest=weights_digest(model.state_dict()),
    )
    yield from serving(served, tmp_path)


def features() -> dict[str, str]:
    _, row = next(read_adult(1))
    return {k: v for k, v in row.items() if k not in ("customer_number", "email", "income")}


def test_every_answer_names_the_weights_that_are_served(desk: Desk) -> None:
    expected = desk.product.served.model_digest

    status, body, digest = desk.call("POST", "/predict", {"features": features()})

    assert (status, digest) == (200, expected)
    assert body["income"] in ("<=50K", ">50K")
    assert desk.call("GET", "/healthz")[2] == expected
    assert desk.call("GET", "/healthz")[1] == {"model": expected, "index": "sha256:index"}
    assert desk.call("GET", "/nothing")[0] == 404


def test_a_suppressed_customer_is_refused_and_no_one_s_neighbour(desk: Desk) -> None:
    rule = {"salt": SALT, "digests": [suppression_digest("C-2", salt=SALT)]}
    similar = {"record_id": "C-1", "k": 2}
    asked = {"record_id": "C-2", "features": features()}
    assert desk.call("POST", "/predict", asked)[0] == 200

    assert desk.call("PUT", "/control/suppressions/r", rule, token=TOKEN)[0] == 200

    assert desk.call("POST", "/predict", asked)[0] == 451
    assert desk.call("POST", "/similar", {"record_id": "C-2"})[0] == 451
    neighbours = desk.call("POST", "/similar", similar)[1]["similar"]
    assert isinstance(neighbours, list)
    assert [item["record_id"] for item in neighbours] == ["C-3"]
    assert desk.call("DELETE", "/control/suppressions/r", token=TOKEN)[0] == 200
    assert desk.call("POST", "/predict", asked)[0] == 200
    assert desk.call("DELETE", "/control/suppressions/r", token=TOKEN)[0] == 404


def test_the_digit_reader_reads_hex_text_and_lists_alike(reader: Desk) -> None:
    status, read, digest = reader.call("POST", "/predict", {"pixels": "7f" * 784})

    assert (status, digest) == (200, reader.product.served.model_digest)
    assert read["digit"] in range(10)
    assert reader.call("POST", "/predict", {"pixels": [127] * 784})[1] == read
    assert reader.call("GET", "/healthz")[1] == {"model": digest}


def test_the_digit_reader_refuses_a_suppressed_image(reader: Desk) -> None:
    rule = {"salt": SALT, "digests": [suppression_digest("D-000001", salt=SALT)]}
    reader.call("PUT", "/control/suppressions/r", rule, token=TOKEN)

    asked = {"record_id": "D-000001", "pixels": "00" * 784}
    assert reader.call("POST", "/predict", asked)[0] == 451
    assert reader.call("POST", "/predict", asked | {"record_id": "D-000002"})[0] == 200
    assert reader.call("POST", "/similar", {"record_id": "D-000002"})[0] == 404


@pytest.mark.parametrize("pixels", [None, "7f", "no hex", [0.5] * 784, [256] * 784, ["a"], {}])
def test_what_is_no_image_gets_a_sentence(reader: Desk, pixels: object) -> None:
    status, answer, _ = reader.call("POST", "/predict", {"pixels": pixels})

    assert status == 422
    assert "pixels are not usable" in str(answer["detail"])


def test_a_rule_survives_a_restart(desk: Desk, tmp_path: Path) -> None:
    rule = {"salt": SALT, "digests": [suppression_digest("C-2", salt=SALT)]}
    desk.call("PUT", "/control/suppressions/r", rule, token=TOKEN)

    with Product(0, served=desk.product.served, state=tmp_path, token=TOKEN) as again:
        assert again.suppressions.covers("C-2")


@pytest.mark.parametrize("token", ["", "wrong"])
def test_control_needs_the_token(desk: Desk, token: str) -> None:
    rule = {"salt": SALT, "digests": ["00"]}

    assert desk.call("PUT", "/control/suppressions/r", rule, token=token)[0] == 401
    assert desk.call("POST", "/control/reload", {}, token=token)[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", b"{", 400),
        ("/predict", [], 400),
        ("/predict", {}, 422),
        ("/predict", {"features": {"age": "old"}}, 422),
        ("/predict", b" " * (MAX_BODY_BYTES + 1), 413),
        ("/similar", {"record_id": "C-9"}, 404),
        ("/similar", {"record_id": "C-1", "k": 0}, 422),
    ],
)
def test_bad_input_gets_a_sentence(desk: Desk, path: str, body: object, status: int) -> None:
    answered, answer, _ = desk.call("POST", path, body)

    assert answered == status
    assert answer["detail"]

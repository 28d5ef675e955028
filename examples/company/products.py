"""The company's deployed products, and how each answers from what the registry has in production.

``offer-desk`` guesses a customer's income class and finds similar customers; ``digit-reader`` reads
a handwritten digit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn

from examples.company import digits, features
from examples.company.networks import load_ensemble

Body: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ProductSpec:
    """A product: what it serves and how it answers."""

    name: str
    #: Registered name of the model that it serves.
    model: str
    #: Registered name of the index that it serves, or empty.
    index: str = ""
    load: Callable[[Path], nn.Module]
    #: Turns the body of ``POST /predict`` into the model's input, shape ``(1, d)``.
    encode: Callable[[Body], Tensor]
    #: The key of the answer, and the classes that it names.
    answers: str
    classes: tuple[object, ...]


def _customer(body: Body) -> Tensor:
    values = body.get("features")
    if not isinstance(values, dict):
        raise ValueError("features must be an object")  # noqa: TRY004 - a value that came in
    try:
        return features.encode_features([{name: str(value) for name, value in values.items()}])
    except (KeyError, ValueError) as error:
        raise ValueError(f"features are not usable: {error}") from error


def _image(body: Body) -> Tensor:
    pixels = body.get("pixels")
    try:
        text = bytes(pixels).hex() if isinstance(pixels, list) else str(pixels)
        return torch.tensor([digits.decode_pixels(text)], dtype=torch.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"pixels are not usable: {error}") from error


PRODUCTS = {
    spec.name: spec
    for spec in (
        ProductSpec(
            name="offer-desk",
            model="income-sisa",
            index="customer-index",
            load=load_ensemble,
            encode=_customer,
            answers="income",
            classes=features.CLASSES,
        ),
        ProductSpec(
            name="digit-reader",
            model="digits-cnn",
            load=digits.load_reader,
            encode=_image,
            answers="digit",
            classes=tuple(range(digits.CLASSES)),
        ),
    )
}


def predict(spec: ProductSpec, model: nn.Module, body: Body) -> dict[str, object]:
    """Answer with the likeliest class and how likely it is, from 0 to 1.

    Raises:
        ValueError: The body is not what the product takes; the sentence says why.
    """
    with torch.no_grad():
        probabilities = model(spec.encode(body))[0].exp()
    best = int(probabilities.argmax())
    return {
        spec.answers: spec.classes[best],
        "probability": round(float(probabilities[best]), 6),
    }

"""How a customer's row becomes numbers: constants only, so no row changes another's."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from unlearning.data import Record


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Values of the categorical columns, as in Adult (Becker and Kohavi 1996).
VOCABULARY: dict[str, tuple[str, ...]] = {
    "workclass": _words(
        "Federal-gov Local-gov Private Self-emp-inc Self-emp-not-inc State-gov Without-pay"
    ),
    "education": _words(
        "10th 11th 12th 1st-4th 5th-6th 7th-8th 9th Assoc-acdm Assoc-voc Bachelors Doctorate "
        "HS-grad Masters Preschool Prof-school Some-college"
    ),
    "marital-status": _words(
        "Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married "
        "Separated Widowed"
    ),
    "occupation": _words(
        "Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners "
        "Machine-op-inspct Other-service Priv-house-serv Prof-specialty Protective-serv Sales "
        "Tech-support Transport-moving"
    ),
    "relationship": _words("Husband Not-in-family Other-relative Own-child Unmarried Wife"),
    "race": _words("Amer-Indian-Eskimo Asian-Pac-Islander Black Other White"),
    "sex": ("Female", "Male"),
    "native-country": _words(
        "Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France "
        "Germany Greece Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran "
        "Ireland Italy Jamaica Japan Laos Mexico Nicaragua Outlying-US(Guam-USVI-etc) Peru "
        "Philippines Poland Portugal Puerto-Rico Scotland South Taiwan Thailand Trinadad&Tobago "
        "United-States Vietnam Yugoslavia"
    ),
}

#: Numeric columns with the fixed centre and scale that each is brought to about ±1 by. Amounts of
#: money go through log(1 + x) first.
NUMERIC: dict[str, tuple[float, float]] = {
    "age": (38.0, 13.0),
    "education-num": (10.0, 2.5),
    "hours-per-week": (40.0, 12.0),
    "capital-gain": (0.0, 4.0),
    "capital-loss": (0.0, 4.0),
}
_MONEY = frozenset({"capital-gain", "capital-loss"})

LABEL = "income"
CLASSES = ("<=50K", ">50K")
COLUMNS = (*NUMERIC, *VOCABULARY, LABEL)
N_FEATURES = len(NUMERIC) + sum(len(values) for values in VOCABULARY.values())


def _offsets() -> dict[tuple[str, str], int]:
    pairs = [(column, value) for column, values in VOCABULARY.items() for value in values]
    return {pair: len(NUMERIC) + index for index, pair in enumerate(pairs)}


_OFFSETS = _offsets()


def encode_features(rows: Sequence[dict[str, str]]) -> Tensor:
    """Encode rows, shape ``(n, N_FEATURES)``.

    Raises:
        KeyError: A column is missing or holds a value outside the vocabulary.
        ValueError: A number is not one.
    """
    encoded = []
    for row in rows:
        features = [0.0] * N_FEATURES
        for index, (column, (centre, scale)) in enumerate(NUMERIC.items()):
            number = float(row[column])
            value = math.log1p(number) if column in _MONEY else number
            features[index] = (value - centre) / scale
        for column in VOCABULARY:
            features[_OFFSETS[column, row[column]]] = 1.0
        encoded.append(features)
    return torch.tensor(encoded, dtype=torch.float32).reshape(len(encoded), N_FEATURES)


def encode_records(records: Sequence[Record]) -> tuple[Tensor, Tensor]:
    """Encode records with their classes, shapes ``(n, N_FEATURES)`` and ``(n,)``."""
    features = encode_features([dict(record.values) for record in records])
    classes = [CLASSES.index(record.values[LABEL]) for record in records]
    return features, torch.tensor(classes, dtype=torch.int64)

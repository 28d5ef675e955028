"""The two attacks on one record's scores under many models, in NumPy alone.

The rule that judges them is in :mod:`unlearning.verification.replica_membership`.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: How far from guessing an attack may end and still count as having found nothing.
BAND = 0.2
#: Chance of failing a record that no attack can tell, all tests together.
LEVEL = 0.05
GUESSING = 0.5

#: One score (logit, nats) a model of a group.
Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one attack found, with its standard error."""

    value: float
    error: float
    #: The standard error where there is nothing to find.
    null_error: float
    #: Whether a value below guessing tells the groups apart too.
    both_sides: bool

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the two-sided interval of a level of error."""
        half = NormalDist().inv_cdf(1 - level / 2) * self.error
        return max(0.0, self.value - half), min(1.0, self.value + half)

    @property
    def stays_in_band(self) -> bool:
        """Whether the whole 95% interval lies so near to guessing that it counts as guessing."""
        low, high = self.interval()
        return high <= GUESSING + BAND and (low >= GUESSING - BAND or not self.both_sides)

    def finds_something(self, *, level: float) -> bool:
        """Whether guessing is rejected at a level."""
        tail = level / 2 if self.both_sides else level
        excess = (self.value - GUESSING) / self.null_error
        return (abs(excess) if self.both_sides else excess) > NormalDist().inv_cdf(1 - tail)

    def to_json(self) -> dict[str, float]:
        """Return the JSON: the value and its 95% interval."""
        low, high = self.interval()
        return {"value": round(self.value, 4), "low": round(low, 4), "high": round(high, 4)}


@dataclass(frozen=True, kw_only=True)
class Attacks:
    """What both attacks found on one record."""

    auc: Measured
    accuracy: Measured

    @classmethod
    def on(cls, members: Scores, others: Scores) -> "Attacks":
        """Attack the scores of one record."""
        return cls(
            auc=threshold_auc(members, others),
            accuracy=likelihood_ratio_accuracy(members, others),
        )

    @property
    def stay_in_band(self) -> bool:
        """Whether neither attack does better than guessing, beyond the band."""
        return self.auc.stays_in_band and self.accuracy.stays_in_band

    def find_something(self, *, level: float) -> bool:
        """Whether one of them tells the groups apart."""
        return self.auc.finds_something(level=level) or self.accuracy.finds_something(level=level)

    def to_json(self) -> dict[str, object]:
        """Return the JSON of both."""
        return {"auc": self.auc.to_json(), "balanced_accuracy": self.accuracy.to_json()}


def threshold_auc(members: Scores, others: Scores) -> Measured:
    """Return the chance that a member's score lies above another's; a tie counts half.

    The error is DeLong's (1988). It is never taken for smaller than if every pair of models were a
    fair coin of its own: perfect separation would otherwise claim to be free of error.
    """
    ordered = members[:, None] - others[None, :]
    above = (ordered > 0) + 0.5 * (ordered == 0)
    rows, columns = above.mean(axis=1), above.mean(axis=0)
    variance = rows.var(ddof=1) / len(members) + columns.var(ddof=1) / len(others)
    pairs = len(members) * len(others)
    return Measured(
        value=float(above.mean()),
        error=sqrt(max(float(variance), 0.25 / pairs)),
        null_error=sqrt((len(members) + len(others) + 1) / (12 * pairs)),
        both_sides=True,
    )


def likelihood_ratio_accuracy(members: Scores, others: Scores) -> Measured:
    """Return the balanced accuracy of naming the likelier group, each model left out of its fit."""
    # One right and one wrong guess are added to each group (Agresti and Caffo).
    known, unknown = len(members) + 2, len(others) + 2
    named = (int(np.count_nonzero(_ratios(members, others) > 0)) + 1) / known
    left_alone = (int(np.count_nonzero(_ratios(others, members) > 0)) + 1) / unknown
    variance = named * (1 - named) / known + left_alone * (1 - left_alone) / unknown
    return Measured(
        value=(named + left_alone) / 2,
        error=sqrt(variance) / 2,
        null_error=sqrt(0.25 / known + 0.25 / unknown) / 2,
        both_sides=False,
    )


def _ratios(own: Scores, other: Scores) -> Scores:
    """Log-likelihood ratio of each score of ``own`` for its own group, itself left out."""
    n = len(own)
    mean = (own.sum() - own) / (n - 1)
    variance = ((own**2).sum() - own**2) / (n - 1) - mean**2
    return _log_density(own, mean, variance) - _log_density(own, other.mean(), other.var())


def _log_density(score: Scores, mean: Scores, variance: Scores) -> Scores:
    spread = np.maximum(variance, 1e-12)
    return np.asarray(-0.5 * (np.log(spread) + (score - mean) ** 2 / spread), dtype=np.float64)

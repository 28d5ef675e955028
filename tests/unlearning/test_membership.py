"""A strong signal is established, a single record never is."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unlearning.verification.membership import (
    Attack,
    attack_auc,
    auc_difference,
    membership_finding,
)
from unlearning.verification.utility import Compared, Utility, utility_finding

GENERATOR = np.random.default_rng(7)
HELD_OUT = GENERATOR.exponential(1.0, size=500)


def attack(mean: float, count: int) -> Attack:
    return Attack(forgotten=GENERATOR.exponential(mean, size=count), held_out=HELD_OUT)


def test_the_area_is_the_textbook_one() -> None:
    planted = Attack(forgotten=np.round(attack(0.5, 80).forgotten, 1), held_out=HELD_OUT.round(1))
    labels = np.r_[np.ones(80), np.zeros(500)]

    area = attack_auc(planted)

    scores = -np.r_[planted.forgotten, planted.held_out]
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    assert area.low is not None
    assert area.high is not None
    assert area.low < area.value < area.high


def test_a_planted_strong_signal_is_established() -> None:
    memorised, unknown = attack(0.05, 60), attack(1.0, 60)

    finding = membership_finding(before=memorised, after=memorised, reference=unknown)

    assert finding.outcome == "failed"
    assert "still recognised" in finding.summary


def test_a_model_like_the_reference_passes() -> None:
    unknown = attack(1.0, 60)

    finding = membership_finding(before=attack(0.05, 60), after=unknown, reference=unknown)

    assert finding.outcome == "passed"
    assert auc_difference(unknown, unknown).value == 0


@pytest.mark.parametrize("count", [1, 2, 29])
def test_few_records_establish_nothing_but_the_numbers_are_given(count: int) -> None:
    finding = membership_finding(
        before=attack(0.001, count), after=attack(0.001, count), reference=attack(1.0, count)
    )

    assert finding.outcome == "inconclusive"
    assert finding.summary.startswith("Not established")
    assert "before 0." in finding.summary or "before 1." in finding.summary


def test_without_a_reference_nothing_is_established() -> None:
    finding = membership_finding(before=attack(1, 60), after=attack(1, 60), reference=None)

    assert finding.outcome == "inconclusive"
    assert "no retrained reference" in finding.summary


def compared(before: float, after: float, reference: float | None = None) -> Compared:
    return Compared(
        before=Utility(accuracy=before, loss=0.3),
        after=Utility(accuracy=after, loss=0.3),
        reference=None if reference is None else Utility(accuracy=reference, loss=0.3),
    )


def test_a_row_of_small_falls_is_measured_against_the_reference_too() -> None:
    worn_down = compared(0.83, 0.82, reference=0.85)
    as_good = compared(0.83, 0.84, reference=0.85)

    assert utility_finding(retained=worn_down, held_out=worn_down).outcome == "failed"
    assert utility_finding(retained=as_good, held_out=as_good).outcome == "passed"


def test_accuracy_may_fall_by_two_points_and_no_more() -> None:
    within, beyond = compared(0.85, 0.84), compared(0.85, 0.82)

    assert utility_finding(retained=within, held_out=within).outcome == "passed"
    assert utility_finding(retained=within, held_out=beyond).outcome == "failed"
    assert utility_finding(retained=beyond, held_out=within).outcome == "failed"


def test_without_held_out_records_utility_can_fail_and_cannot_pass() -> None:
    kept, lost = compared(0.9, 0.9), compared(0.9, 0.1)

    assert utility_finding(retained=kept, held_out=None).outcome == "inconclusive"
    finding = utility_finding(retained=lost, held_out=None)
    assert finding.outcome == "failed"
    assert "no held-out records are known" in finding.summary

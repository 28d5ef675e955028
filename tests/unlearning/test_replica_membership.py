"""The attack with replicas: numbers by hand, and simulations in which the truth is known."""

import json
from collections import Counter

import numpy as np
import pytest

from unlearning.verification import EVIDENCE_KINDS
from unlearning.verification.replica_attacks import (
    BAND,
    Scores,
    likelihood_ratio_accuracy,
    threshold_auc,
)
from unlearning.verification.replica_membership import MINIMUM, Groups, replica_finding

GENERATOR = np.random.default_rng(11)


def drawn(mean: float = 0.0, spread: float = 1.0, *, models: int = 32, records: int = 1) -> Scores:
    return np.asarray(GENERATOR.normal(mean, spread, size=(models, records)), dtype=np.float64)


def groups(unlearned: Scores, *, control_mean: float = 0.0, trained_mean: float = 2.0) -> Groups:
    models, records = unlearned.shape
    return Groups(
        trained=drawn(trained_mean, models=models, records=records),
        unlearned=unlearned,
        retrained=drawn(models=models, records=records),
        control=drawn(control_mean, models=models, records=records),
    )


def outcomes(mean: float, spread: float = 1.0, *, records: int = 1) -> Counter[str]:
    drawings = (groups(drawn(mean, spread, records=records)) for _ in range(200))
    return Counter(replica_finding(drawing).outcome for drawing in drawings)


def test_the_area_and_its_error_are_those_worked_out_by_hand() -> None:
    # Pairs above: 3 beats 1 and 2; 5 beats 1, 2 and 4; 2 beats 1 and ties with 2: 6.5 of 9.
    auc = threshold_auc(np.array([3.0, 5.0, 2.0]), np.array([1.0, 2.0, 4.0]))

    assert auc.value == pytest.approx(6.5 / 9)
    # DeLong: placements (2/3, 1, 1/2) and (1, 5/6, 1/3), each with its variance over three.
    assert auc.error**2 == pytest.approx((0.0648148 + 0.1203704) / 3, rel=1e-4)
    assert auc.null_error**2 == pytest.approx(7 / (12 * 9))


def test_the_likelihood_ratio_is_judged_without_the_model_it_guesses() -> None:
    apart = likelihood_ratio_accuracy(np.array([9.0, 10.0, 11.0]), np.array([-1.0, 0.0, 1.0]))
    lone = likelihood_ratio_accuracy(np.array([0.0, 0.1, 50.0]), np.array([49.0, 50.0, 51.0]))

    # Three of three, with one right and one wrong guess added to each group.
    assert apart.value == pytest.approx(4 / 5)
    # Fitted with itself, 50 would look like its own group; left out, it does not.
    assert lone.value == pytest.approx(((2 + 1) / 5 + (3 + 1) / 5) / 2)


def test_a_record_that_is_still_known_fails() -> None:
    assert outcomes(1.5)["failed"] > 180
    assert outcomes(-1.5)["failed"] > 180


def test_scores_that_only_lie_closer_together_are_told_too() -> None:
    assert outcomes(0.0, 0.3)["failed"] > 180


@pytest.mark.parametrize("records", [1, 4])
def test_where_there_is_nothing_to_find_few_fail(records: int) -> None:
    found = outcomes(0.0, records=records)

    # The nominal rate is 5%: ten of 200, with three standard errors of chance.
    assert found["failed"] <= 20
    assert found["passed"] > found["failed"]


def test_most_single_records_pass_where_there_is_nothing_to_find() -> None:
    assert outcomes(0.0)["passed"] > 130


def test_what_passed_is_said_to_be_near_guessing_and_no_more() -> None:
    drawings = (replica_finding(groups(drawn(0.0, records=2))) for _ in range(200))

    finding = next(found for found in drawings if found.outcome == "passed")

    assert finding.summary.startswith("On each record (2) every attack stays within ±0.2 of guess")
    assert f"within ±{BAND} of guessing" in EVIDENCE_KINDS["replica_membership"]


def test_fewer_models_than_the_minimum_establish_nothing() -> None:
    finding = replica_finding(groups(drawn(9.0, models=MINIMUM - 1)))

    assert finding.outcome == "inconclusive"
    assert "at least 32" in finding.summary


def test_an_attack_that_finds_nothing_in_untreated_models_shows_nothing() -> None:
    finding = replica_finding(groups(drawn(0.0), trained_mean=0.0))

    assert finding.outcome == "inconclusive"
    assert "untreated models" in finding.summary


def test_a_control_in_which_something_is_found_makes_it_inconclusive() -> None:
    finding = replica_finding(groups(drawn(0.0), control_mean=3.0))

    assert finding.outcome == "inconclusive"
    assert "control" in finding.summary


def test_the_payload_is_json_and_names_records_by_position_only() -> None:
    finding = replica_finding(groups(drawn(records=2)))

    payload = json.loads(json.dumps(finding.payload))
    assert list(payload["records"]) == ["1", "2"]
    assert payload["records"]["1"].keys() == {"before", "after", "reference"}
    assert payload["band"] == 0.2
    before = payload["records"]["1"]["before"]["auc"]
    assert before["low"] < before["value"] < before["high"]

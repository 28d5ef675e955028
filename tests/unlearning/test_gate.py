"""What holds new versions back: every check that did not pass, made or not."""

import pytest

from unlearning.methods import METHODS
from unlearning.verification import EVIDENCE_KINDS
from unlearning.verification.gate import GATING, CheckedStep, Verdict, open_checks

PASSED = Verdict(outcome="passed", summary="It holds.")
UNTOLD = Verdict(outcome="inconclusive", summary="Not established.")


def checked(method: str, *, inherits: bool = False, **others: Verdict | None) -> CheckedStep:
    """A step of which every needed check passed, but for some others."""
    verdicts: dict[str, Verdict | None] = dict.fromkeys(
        METHODS[method].checks_for(inherits=inherits), PASSED
    )
    found = {kind: verdict for kind, verdict in {**verdicts, **others}.items() if verdict}
    return CheckedStep(artifact="income v1", method=method, inherits=inherits, verdicts=found)


def test_every_check_of_a_method_is_a_kind_of_evidence() -> None:
    assert set(EVIDENCE_KINDS) > GATING


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inherits", [False, True])
def test_nothing_is_in_the_way_of_what_passed_everything(method: str, inherits: bool) -> None:
    assert open_checks([checked(method, inherits=inherits)], {}) == ()


@pytest.mark.parametrize(("verdict", "word"), [(UNTOLD, "inconclusive"), (None, "missing")])
@pytest.mark.parametrize(
    ("method", "kind"),
    [
        (method.key, kind)
        for method in METHODS.values()
        for kind in method.checks_for(inherits=True)
    ],
)
def test_a_check_that_shows_nothing_holds_back(
    method: str, kind: str, verdict: Verdict | None, word: str
) -> None:
    [phrase] = open_checks([checked(method, inherits=True, **{kind: verdict})], {})

    assert phrase.startswith(f"{kind.replace('_', ' ')} of income v1 ({word}")


def test_the_replicas_of_an_approximate_method_are_no_condition() -> None:
    step = checked("negative_gradient_repair", replica_membership=UNTOLD)

    assert open_checks([step], {}) == ()


def test_a_failed_check_holds_back_although_nobody_asked_for_it() -> None:
    failed = Verdict(outcome="failed", summary="The base used: not as a fresh process makes it.")

    [phrase] = open_checks([checked("sisa_shard_retrain", ancestor_clean=failed)], {})

    assert "not as a fresh process makes it" in phrase


@pytest.mark.parametrize("outcome", ["failed", "inconclusive"])
def test_a_finding_about_the_whole_plan_holds_back_too(outcome: str) -> None:
    found = Verdict(outcome=outcome, summary="The records are still in 1 row.")

    [phrase] = open_checks([], {"source_rows_absent": found, "trace_repeated": found})

    assert phrase.startswith("source rows absent of the plan")

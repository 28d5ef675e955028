from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.claims import Action, EvidenceItem, derive_claim
from reports.headline import HEADLINE_PHRASES, headline, weakest_verb
from reports.lint import FORBIDDEN, lint_claim
from reports.rules import RULES
from reports.verbs import REMOVAL_VERBS, RESIDUAL_RISK, STRENGTH, Verb
from unlearning.methods import METHODS
from unlearning.verification import EVIDENCE_KINDS

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
RETRAINED = ("run_recorded", "manifest_excludes", "duplicates_checked", "replay_equal")
#: Method, kind of artifact, the evidence it needs, the verb it earns.
CAST = [
    ("sisa_shard_retrain", "model", RETRAINED, Verb.INFLUENCE_REMOVED),
    (
        "retrain_from_clean_ancestor",
        "fine_tune",
        (*RETRAINED, "ancestor_clean"),
        Verb.INFLUENCE_REMOVED,
    ),
    (
        "negative_gradient_repair",
        "model",
        ("run_recorded", "replica_membership", "utility_floor"),
        Verb.APPLIED,
    ),
    (
        "vector_removal",
        "embedding_index",
        ("run_recorded", "vectors_absent"),
        Verb.REMOVED_FROM_INDEX,
    ),
    (
        "source_row_deletion",
        "dataset_version",
        ("run_recorded", "source_rows_absent"),
        Verb.DELETED,
    ),
    ("output_suppression", "product", ("run_recorded", "outputs_suppressed"), Verb.SUPPRESSED),
    ("artifact_destruction", "cache", ("run_recorded", "artifact_destroyed"), Verb.DESTROYED),
    (
        "synthetic_regeneration",
        "synthetic_dataset",
        ("run_recorded", "synthetic_regenerated", "ancestor_clean"),
        Verb.REGENERATED,
    ),
    (
        "recipient_notice",
        "recipient",
        ("run_recorded", "recipient_notified", "recipient_acknowledged"),
        Verb.NOTIFIED,
    ),
]
NEEDED = [(*member[:2], member[2], gone) for member in CAST for gone in member[2]]


def item(kind: str, outcome: str = "passed") -> EvidenceItem:
    return EvidenceItem(kind=kind, outcome=outcome, summary=f"Summary of {kind}.", digest="c" * 64)


def action(method: str, kind: str, evidence: tuple[str, ...]) -> Action:
    return Action(
        artifact_kind=kind,
        artifact_name=f"the-{method.replace('_', '-')}",
        artifact_digest=OLD,
        new_digest=NEW,
        method=method,
        run_recorded=True,
        evidence=tuple(item(kind) for kind in evidence),
        place="place",
        period="for a while",
        inherits=("what-it-was-made-from",) if "ancestor_clean" in evidence else (),
    )


ACTIONS = [action(method, kind, evidence) for method, kind, evidence, _ in CAST]


def strength(act: Action) -> int:
    return STRENGTH.index(derive_claim(act).verb)


def test_the_rules_speak_of_the_methods_and_evidence_that_exist() -> None:
    assert set(RULES) == set(METHODS)
    for key, rule in RULES.items():
        assert rule.guarantee_class == METHODS[key].guarantee_class
        needed = {*rule.required, *rule.required_of_heirs, *rule.effect}
        assert needed <= set(EVIDENCE_KINDS)
        assert bool(rule.superseded_kept) is bool(rule.superseded_destroyed)
    assert set(RESIDUAL_RISK) == set(FORBIDDEN) == set(HEADLINE_PHRASES) == set(STRENGTH)


@pytest.mark.parametrize(("method", "kind", "evidence", "verb"), CAST)
def test_full_evidence_earns_the_verb_of_the_method(
    method: str, kind: str, evidence: tuple[str, ...], verb: Verb
) -> None:
    claim = derive_claim(action(method, kind, evidence))
    assert claim.verb == verb
    assert claim.guarantee_class == RULES[method].guarantee_class
    assert claim.limits
    assert [entry.kind for entry in claim.evidence] == list(evidence)


@pytest.mark.parametrize(("method", "kind", "evidence", "gone"), NEEDED)
def test_each_item_of_evidence_that_drops_weakens_the_verb(
    method: str, kind: str, evidence: tuple[str, ...], gone: str
) -> None:
    full = action(method, kind, evidence)
    left = tuple(entry for entry in full.evidence if entry.kind != gone)
    assert strength(replace(full, evidence=left)) > strength(full)
    for outcome in ("failed", "inconclusive"):
        assert strength(replace(full, evidence=(*left, item(gone, outcome)))) > strength(full)
        both = replace(full, evidence=(*full.evidence, item(gone, outcome)))
        assert strength(both) > strength(full)


@pytest.mark.parametrize("act", ACTIONS, ids=lambda act: act.method)
def test_a_run_that_is_not_recorded_establishes_nothing(act: Action) -> None:
    assert derive_claim(replace(act, run_recorded=False)).verb == Verb.NOT_ESTABLISHED


@pytest.mark.parametrize("act", ACTIONS[:3], ids=lambda act: act.method)
def test_a_model_without_a_new_digest_is_not_established(act: Action) -> None:
    assert derive_claim(replace(act, new_digest="")).verb == Verb.NOT_ESTABLISHED
    assert derive_claim(act).digest == NEW


def test_an_inconclusive_attack_leaves_the_effect_open() -> None:
    act = action("negative_gradient_repair", "model", ("run_recorded", "utility_floor"))
    claim = derive_claim(
        replace(act, evidence=(*act.evidence, item("replica_membership", "inconclusive")))
    )
    assert claim.verb == "unlearning procedure applied, effect not established"
    assert "Check inconclusive: Summary of replica_membership." in claim.limits


def test_a_treated_index_says_whose_vectors_remain() -> None:
    claim = derive_claim(ACTIONS[3])
    assert any("trained with the records" in limit for limit in claim.limits)


@pytest.mark.parametrize("act", ACTIONS[:3], ids=lambda act: act.method)
def test_a_superseded_version_that_was_destroyed_changes_what_stays_open(act: Action) -> None:
    [kept] = [limit for limit in derive_claim(act).limits if "superseded digest keeps" in limit]
    for outcome, open_still in (("passed", False), ("failed", True), ("inconclusive", True)):
        evidence = (*act.evidence, item("superseded_destroyed", outcome))
        claim = derive_claim(replace(act, evidence=evidence))
        assert (kept in claim.limits) is open_still
        assert any("destroyed in the listed locations" in text for text in claim.limits) is (
            not open_still
        )


def test_what_was_made_from_affected_artifacts_needs_clean_ancestors() -> None:
    act = action("retrain_from_clean_ancestor", "distilled", RETRAINED)
    assert derive_claim(act).verb == Verb.INFLUENCE_REMOVED
    heir = replace(act, inherits=("its-teacher",))
    assert derive_claim(heir).verb == Verb.NOT_ESTABLISHED
    clean = replace(heir, evidence=(*heir.evidence, item("ancestor_clean")))
    assert derive_claim(clean).verb == Verb.INFLUENCE_REMOVED


def test_equal_rows_of_others_are_a_limit_only_where_there_are_some() -> None:
    [act, *_] = ACTIONS
    assert not [text for text in derive_claim(act).limits if "exactly the same content" in text]
    for count, said in ((1, "1 row of other"), (3, "3 rows of other")):
        [*_, limit] = derive_claim(replace(act, same_content=count)).limits
        assert limit.startswith(said)


def test_rows_that_nobody_decided_upon_are_a_limit_until_they_are_decided() -> None:
    [act, *_] = ACTIONS
    for count, said in ((1, "1 row that says"), (3, "3 rows that say")):
        [*_, limit] = derive_claim(replace(act, undecided_duplicates=count)).limits
        assert limit.startswith(said)
        assert "was not decided" in limit


def test_a_notice_without_answer_stays_the_weaker_verb() -> None:
    act = action("recipient_notice", "recipient", ("run_recorded", "recipient_notified"))
    claim = derive_claim(act)
    assert claim.verb == "recipient notified, not acknowledged"
    assert any("was not examined" in limit for limit in claim.limits)


def test_an_untreated_artifact_is_named_with_its_reason() -> None:
    act = Action(artifact_kind="model", artifact_name="m", untreated_because="No recipe.")
    claim = derive_claim(act)
    assert (claim.verb, claim.guarantee_class) == (Verb.NOT_ESTABLISHED, "none")
    assert "No recipe." in claim.limits


KINDS = st.sampled_from(sorted(EVIDENCE_KINDS))
OUTCOMES = st.sampled_from(["passed", "failed", "inconclusive"])
ANY_ACTION = st.builds(
    Action,
    artifact_kind=st.sampled_from(["model", "fine_tune", "embedding_index", "product"]),
    artifact_name=st.just("thing"),
    artifact_digest=st.sampled_from(["", OLD]),
    new_digest=st.sampled_from(["", NEW]),
    method=st.sampled_from([*METHODS, "", "unknown"]),
    guarantee_class=st.sampled_from(["exact", "certified"]),
    run_recorded=st.booleans(),
    evidence=st.lists(st.builds(item, KINDS, OUTCOMES), max_size=14).map(tuple),
    place=st.just("place"),
    inherits=st.sampled_from([(), ("its base",)]),
)
#: Methods that take nothing out, whatever their evidence says.
KEEPING = {"output_suppression", "negative_gradient_repair", "recipient_notice"}


@given(ANY_ACTION)
def test_no_evidence_lifts_a_claim_above_its_method(act: Action) -> None:
    claim = derive_claim(act)
    rule = RULES.get(act.method)
    ceiling = STRENGTH.index(rule.verb) if rule else STRENGTH.index(Verb.NOT_ESTABLISHED)
    assert STRENGTH.index(claim.verb) >= ceiling
    assert lint_claim(claim.to_json()) == []
    if act.method in KEEPING:
        assert claim.verb not in REMOVAL_VERBS
    if act.inherits and claim.verb in {Verb.INFLUENCE_REMOVED, Verb.REGENERATED}:
        assert "ancestor_clean" in {entry.kind for entry in claim.evidence}


@given(st.lists(ANY_ACTION, min_size=1, max_size=6), st.booleans())
def test_the_headline_says_removal_of_all_only_when_each_claim_is_removal(
    acts: list[Action],
    complete: bool,
) -> None:
    claims = [derive_claim(act) for act in acts]
    text = headline(claims, complete=complete, datasets_examined=2)
    all_removed = all(claim.verb in REMOVAL_VERBS for claim in claims)
    assert text.startswith("Not everything was removed.") is not all_removed
    assert text.startswith("Every affected artifact") is (all_removed and complete)
    assert ("further artifacts may hold" in text) is not complete
    assert all(claim.artifact in text for claim in claims)


def test_the_headline_of_the_example_names_what_happened_to_whom() -> None:
    text = headline([derive_claim(act) for act in ACTIONS], complete=True, datasets_examined=2)
    assert text == (
        "Not everything was removed."
        " Influence removed by retraining without the records: the-sisa-shard-retrain (model),"
        " the-retrain-from-clean-ancestor (fine-tune)."
        " Regenerated without the records: the-synthetic-regeneration (synthetic dataset)."
        " Records deleted from: the-source-row-deletion (dataset version)."
        " Destroyed in the listed locations: the-artifact-destruction (cache)."
        " Vectors removed from: the-vector-removal (embedding index)."
        " Only an unlearning procedure applied, with its tests within the listed bounds:"
        " the-negative-gradient-repair (model)."
        " Outputs only suppressed, for the stated period: the-output-suppression (product)."
        " Only notified, and the notice acknowledged: the-recipient-notice (recipient)."
    )


@pytest.mark.parametrize("verb", list(Verb))
def test_the_headline_says_of_a_verb_no_more_than_its_claim_may(verb: Verb) -> None:
    claim = replace(derive_claim(ACTIONS[0]), verb=verb)
    said = HEADLINE_PHRASES[verb].format(names=f"{claim.artifact} (model)")
    assert said in headline([claim], complete=True, datasets_examined=2)
    assert lint_claim({**claim.to_json(), "sentence": said}) == []


def test_a_subject_without_records_gets_a_headline_that_says_where_we_looked() -> None:
    assert headline([], complete=True, datasets_examined=2) == (
        "No records found in the 2 indexed data sets examined."
    )
    assert "gaps" in headline([], complete=False, datasets_examined=1)


def test_the_weakest_claim_caps_the_report() -> None:
    assert weakest_verb([derive_claim(act) for act in ACTIONS]) == Verb.NOTIFIED
    assert weakest_verb([derive_claim(ACTIONS[0])]) == Verb.INFLUENCE_REMOVED

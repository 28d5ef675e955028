"""One literal rule a method: the verb it may earn, the evidence it needs, what stays open."""

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """Every verb that a claim may use."""

    INFLUENCE_REMOVED = "influence removed"
    DELETED = "deleted from"
    REMOVED_FROM_INDEX = "removed from index"
    APPLIED = "unlearning procedure applied"
    APPLIED_UNPROVEN = "unlearning procedure applied, effect not established"
    SUPPRESSED = "suppressed"
    NOT_ESTABLISHED = "not established"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a method turns evidence into words."""

    #: The kind of operation, so that a reader does not take one for another.
    operation: str
    verb: Verb
    guarantee_class: str
    #: Sentence template: ``name``, ``old``, ``new``, ``place``, ``period``.
    sentence: str
    #: Without each of these nothing is established.
    required: tuple[str, ...]
    #: Needed besides for artifacts of one kind: ``(kind, evidence)``.
    required_of_kind: tuple[tuple[str, str], ...] = ()
    #: Without each of these the procedure ran but its effect is not established.
    effect: tuple[str, ...] = ()
    unproven_verb: Verb = Verb.NOT_ESTABLISHED
    unproven_sentence: str = ""
    #: Influences that, found again after the work, contradict the verb.
    undone_by: tuple[str, ...] = ()
    #: Whether the claim is about a new digest and cannot stand without one.
    makes_new_digest: bool = False
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def required_for(self, kind: str) -> tuple[str, ...]:
        """Evidence without which nothing is established for an artifact of this kind."""
        special = (evidence for wanted, evidence in self.required_of_kind if wanted == kind)
        return (*self.required, *special)


RETRAIN_ASSUMPTIONS = (
    (
        "The request was made independently of published models; a requester who adapts to them can"
        " learn more than retraining hides."
    ),
    "The manifest lists every row that training read.",
)
RETRAIN_EVIDENCE = ("run_recorded", "manifest_excludes", "duplicates_checked", "replay_equal")
#: A fine-tune stands on another model, which must be clean too.
ANCESTOR_EVIDENCE = (("fine_tune", "ancestor_clean"),)
RETRAIN_LIMITS = (
    (
        "The claim holds for the new digest only; the superseded digest keeps the influence"
        " wherever a copy of it is still stored."
    ),
    "Rows of other data subjects with the same content stay in the training data.",
    "Choices that people made after seeing the earlier model (features, settings) are not undone.",
)

RULES: dict[str, Rule] = {
    "sisa_shard_retrain": Rule(
        operation="model retrained in part",
        verb=Verb.INFLUENCE_REMOVED,
        guarantee_class="exact",
        sentence=(
            "Influence removed from {name}: the new digest {new} was made by retraining, from the"
            " first affected slice on, without the listed records."
        ),
        required=RETRAIN_EVIDENCE,
        required_of_kind=ANCESTOR_EVIDENCE,
        undone_by=("weights", "content"),
        makes_new_digest=True,
        assumptions=(
            *RETRAIN_ASSUMPTIONS,
            "Shards are trained in isolation from one another.",
        ),
        limits=RETRAIN_LIMITS,
    ),
    "retrain_from_clean_ancestor": Rule(
        operation="model retrained in full",
        verb=Verb.INFLUENCE_REMOVED,
        guarantee_class="exact",
        sentence=(
            "Influence removed from {name}: the new digest {new} was made by retraining from a"
            " clean ancestor without the listed records."
        ),
        required=RETRAIN_EVIDENCE,
        required_of_kind=ANCESTOR_EVIDENCE,
        undone_by=("weights", "content"),
        makes_new_digest=True,
        assumptions=RETRAIN_ASSUMPTIONS,
        limits=RETRAIN_LIMITS,
    ),
    "negative_gradient_repair": Rule(
        operation="model changed by an approximate unlearning procedure",
        verb=Verb.APPLIED,
        guarantee_class="approximate",
        sentence=(
            "Unlearning procedure applied to {name}, giving digest {new}; the listed tests stayed"
            " within their bounds beside a retrained reference."
        ),
        required=("run_recorded",),
        effect=("membership_inference", "utility_floor"),
        unproven_verb=Verb.APPLIED_UNPROVEN,
        unproven_sentence=(
            "Unlearning procedure applied to {name}, giving digest {new}; its effect is not"
            " established by the listed tests."
        ),
        makes_new_digest=True,
        assumptions=("The tests stand for the attacks that matter; stronger ones may exist.",),
        limits=(
            (
                "The weights are not those of a model that never saw the records; influence remains"
                " possible."
            ),
            "A membership test with few records is weak; it cannot show that nothing is left.",
            "The superseded digest keeps the influence wherever a copy of it is still stored.",
        ),
    ),
    "vector_removal": Rule(
        operation="vectors removed from an index",
        verb=Verb.REMOVED_FROM_INDEX,
        guarantee_class="storage",
        sentence=(
            "The vectors of the listed records were removed from index {name}: its new version"
            " (digest {new}) was written without them."
        ),
        required=("run_recorded", "vectors_absent"),
        undone_by=("content",),
        makes_new_digest=True,
        assumptions=("The index that was queried is the one that is served.",),
        limits=(
            "The remaining vectors were computed by a model that was trained with the records.",
            "Equal vectors of other data subjects stay.",
            (
                "The superseded version keeps the vectors wherever a copy of it is still stored,"
                " the model registry included."
            ),
            "Replicas, caches and backups of the index were not examined.",
            "Nothing is claimed about any model.",
        ),
    ),
    "source_row_deletion": Rule(
        operation="source records deleted",
        verb=Verb.DELETED,
        guarantee_class="storage",
        sentence="The listed records were deleted from {place} ({name}).",
        required=("run_recorded", "source_rows_absent"),
        undone_by=("content",),
        limits=(
            "Backups, write-ahead logs and file-system blocks were not examined.",
            "Nothing is claimed about any model that was trained on these files.",
        ),
    ),
    "output_suppression": Rule(
        operation="outputs suppressed",
        verb=Verb.SUPPRESSED,
        guarantee_class="suppression",
        sentence="Outputs about the data subject were suppressed at {place} {period}.",
        required=("run_recorded", "outputs_suppressed"),
        limits=(
            "Outside the stated period nothing is hidden.",
            "Suppression hides answers; the model behind the product keeps what it learned.",
            "Only the probes listed were sent; other ways to ask were not tried.",
        ),
    ),
}

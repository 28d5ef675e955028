"""One literal rule a method: the verb it may earn, the evidence it needs, what stays open."""

from dataclasses import dataclass

from reports.verbs import Verb


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
    #: Needed besides where the artifact was made from other affected artifacts.
    required_of_heirs: tuple[str, ...] = ()
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
    #: What stays open about the version before: while it is kept, and once it was destroyed.
    superseded_kept: str = ""
    superseded_destroyed: str = ""

    def required_for(self, inherits: tuple[str, ...]) -> tuple[str, ...]:
        """Evidence without which nothing is established.

        Args:
            inherits: Names of the affected artifacts that the artifact was made from.
        """
        return (*self.required, *self.required_of_heirs) if inherits else self.required


RETRAIN_ASSUMPTIONS = (
    (
        "The request was made independently of published models; a requester who adapts to them can"
        " learn more than retraining hides."
    ),
    "The manifest lists every row that training read.",
)
RETRAIN_EVIDENCE = ("run_recorded", "manifest_excludes", "duplicates_checked", "replay_equal")
#: What an artifact was made from must be clean too.
ANCESTOR_EVIDENCE = ("ancestor_clean",)
SUPERSEDED_KEPT = (
    "The claim holds for the new digest only; the superseded digest keeps the influence"
    " wherever a copy of it is still stored."
)
SUPERSEDED_DESTROYED = (
    "The claim holds for the new digest only; the superseded digest was destroyed in the listed"
    " locations, and copies of it elsewhere were not examined."
)
RETRAIN_LIMITS = (
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
        required_of_heirs=ANCESTOR_EVIDENCE,
        undone_by=("weights", "content"),
        makes_new_digest=True,
        assumptions=(
            *RETRAIN_ASSUMPTIONS,
            "Shards are trained in isolation from one another.",
        ),
        limits=RETRAIN_LIMITS,
        superseded_kept=SUPERSEDED_KEPT,
        superseded_destroyed=SUPERSEDED_DESTROYED,
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
        required_of_heirs=ANCESTOR_EVIDENCE,
        undone_by=("weights", "content"),
        makes_new_digest=True,
        assumptions=RETRAIN_ASSUMPTIONS,
        limits=RETRAIN_LIMITS,
        superseded_kept=SUPERSEDED_KEPT,
        superseded_destroyed=SUPERSEDED_DESTROYED,
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
        effect=("replica_membership", "utility_floor"),
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
            "A membership test can fail to find influence; it cannot show that nothing is left.",
        ),
        superseded_kept=SUPERSEDED_KEPT,
        superseded_destroyed=SUPERSEDED_DESTROYED,
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
            "Replicas, caches and backups of the index were not examined.",
            "Nothing is claimed about any model.",
        ),
        superseded_kept=(
            "The superseded version keeps the vectors wherever a copy of it is still stored, the"
            " model registry included."
        ),
        superseded_destroyed=(
            "The superseded version was destroyed in the listed locations; copies of it elsewhere"
            " were not examined."
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
    "artifact_destruction": Rule(
        operation="artifact destroyed",
        verb=Verb.DESTROYED,
        guarantee_class="storage",
        sentence=(
            "{name} (digest {old}) was destroyed in the listed locations, each of which was read"
            " again and holds nothing of it."
        ),
        required=("run_recorded", "artifact_destroyed"),
        undone_by=("content", "weights"),
        limits=(
            "Copies in other places than the listed locations were not examined.",
            "Backups, write-ahead logs and file-system blocks were not examined.",
            "Nothing is claimed about anything that was made from it before.",
        ),
    ),
    "synthetic_regeneration": Rule(
        operation="synthetic dataset sampled anew",
        verb=Verb.REGENERATED,
        guarantee_class="exact",
        sentence=(
            "{name} was regenerated without the records: its new files (digest {new}) were sampled"
            " from a generator that was made without the listed records."
        ),
        required=("run_recorded", "synthetic_regenerated"),
        required_of_heirs=ANCESTOR_EVIDENCE,
        undone_by=("content", "weights"),
        makes_new_digest=True,
        assumptions=(
            *RETRAIN_ASSUMPTIONS,
            "The recorded recipe reads nothing but the generator and its seed.",
        ),
        limits=(
            (
                "The claim holds for the new files only; the earlier ones, and what others made of"
                " them, keep what they took from the records wherever a copy is still stored."
            ),
            "A synthetic row may resemble a real person by chance; this was not examined.",
        ),
    ),
    "recipient_notice": Rule(
        operation="recipient notified",
        verb=Verb.NOTIFIED,
        guarantee_class="notice",
        sentence="{name} was notified of the deletion request and acknowledged the notice.",
        required=("run_recorded", "recipient_notified"),
        effect=("recipient_acknowledged",),
        unproven_verb=Verb.NOTIFIED_UNANSWERED,
        unproven_sentence=(
            "{name} was notified of the deletion request; the notice is not acknowledged."
        ),
        limits=(
            "A notice takes nothing out of the recipient's copy.",
            "Whether the recipient acted on its copy was not examined.",
            "To whom the recipient passed the data on is not known.",
        ),
    ),
}

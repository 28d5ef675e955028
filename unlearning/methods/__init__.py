"""What can be done with an artifact: one literal table, one file a method.

The guarantee class belongs to the algorithm. No evidence raises it; missing evidence lowers what
may be claimed.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

GuaranteeClass: TypeAlias = Literal["exact", "approximate", "storage", "suppression", "notice"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to treat an artifact."""

    key: str
    #: What people read, e.g. on the plan.
    name: str
    family: str
    guarantee_class: GuaranteeClass
    #: Kinds of artifact it treats.
    treats: frozenset[str]
    #: What must be recorded of the artifact before it can be used.
    needs: str
    #: Paper or statute it rests on.
    citation: str
    #: What it leaves open, in one sentence that reports repeat.
    does_not_guarantee: str
    #: ``module:function`` that a job runs.
    entry: str
    #: Kinds of evidence that must have passed before what the plan made goes live by itself.
    checks: tuple[str, ...] = ()
    #: Needed besides where the artifact was made from other affected artifacts.
    checks_of_heirs: tuple[str, ...] = ()

    def checks_for(self, *, inherits: bool) -> tuple[str, ...]:
        """Checks without which a person decides.

        Args:
            inherits: Whether the artifact was made from other affected artifacts.
        """
        return (*self.checks, *self.checks_of_heirs) if inherits else self.checks


#: Models whose weights stand by themselves and are learned from rows.
_LEARNED = frozenset({"model", "fine_tune", "distilled", "reward_model"})
#: Those that are nothing without other models: an adapter fits no base but its own, a merged or a
#: quantised model is made of them.
_OF_MODELS = frozenset({"adapter", "merged", "quantized"})
_OF_RETRAINS = ("manifest_excludes", "replay_equal", "utility_floor")
_OF_HEIRS = ("ancestor_clean",)

METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(
            key="sisa_shard_retrain",
            name="Retrain the shard that saw the record",
            family="sharded retraining",
            guarantee_class="exact",
            treats=_LEARNED,
            needs="a recipe with at least two shards, its parameters, seed and slice checkpoints",
            citation="Bourtoule et al. 2021, Machine Unlearning, IEEE S&P, arXiv:1912.03817",
            does_not_guarantee=(
                "It says nothing about copies of the earlier model held elsewhere, about rows of "
                "other people with the same content, or about requests chosen by looking at "
                "published models."
            ),
            entry="unlearning.methods.sisa_shard_retrain:apply",
            checks=_OF_RETRAINS,
            checks_of_heirs=_OF_HEIRS,
        ),
        Method(
            key="retrain_from_clean_ancestor",
            name="Retrain from a clean ancestor",
            family="retraining",
            guarantee_class="exact",
            treats=_LEARNED | _OF_MODELS,
            needs="the recipes, parameters and seeds of the model and of every model it came from",
            citation="Cao and Yang 2015, Towards Making Systems Forget, IEEE S&P",
            does_not_guarantee=(
                "It says nothing about copies of the earlier model held elsewhere or about rows "
                "of other people with the same content."
            ),
            entry="unlearning.methods.retrain_from_clean_ancestor:apply",
            checks=_OF_RETRAINS,
            checks_of_heirs=_OF_HEIRS,
        ),
        Method(
            key="negative_gradient_repair",
            name="Unlearn by negative gradient with a retain anchor",
            family="gradient repair",
            guarantee_class="approximate",
            treats=_LEARNED,
            needs="a recipe that loads the model and encodes its records",
            citation="NegGrad+ in Kurmanji et al. 2023, NeurIPS, arXiv:2302.09880",
            does_not_guarantee=(
                "It does not remove the record's influence: the weights still descend from a "
                "training that saw it, and no test on one record can show the contrary."
            ),
            entry="unlearning.methods.negative_gradient_repair:apply",
            # Its replicas are no condition: it promised no more (docs/decisions/0017).
            checks=("utility_floor",),
        ),
        Method(
            key="vector_removal",
            name="Remove vectors and rewrite the index",
            family="storage deletion",
            guarantee_class="storage",
            treats=frozenset({"embedding_index"}),
            needs="the index's directory",
            citation="GDPR Art. 17(1): erasure of personal data in storage",
            does_not_guarantee=(
                "The other vectors were computed by a model that may have been trained on the "
                "record; they are not computed anew."
            ),
            entry="unlearning.methods.vector_removal:apply",
            checks=("vectors_absent",),
        ),
        Method(
            key="source_row_deletion",
            name="Delete the source rows",
            family="storage deletion",
            guarantee_class="storage",
            treats=frozenset(
                {
                    "segment",
                    "dataset_version",
                    "evaluation_set",
                    "log",
                    "cache",
                    "retrieval_corpus",
                }
            ),
            needs="the dataset's directory and its record index",
            citation="GDPR Art. 17(1): erasure of personal data in storage",
            does_not_guarantee=(
                "It makes no statement about any model, nor about backups and file-system blocks "
                "that the storage below has not reused yet."
            ),
            entry="unlearning.methods.source_row_deletion:apply",
            checks=("source_rows_absent",),
        ),
        Method(
            key="artifact_destruction",
            name="Destroy the recorded copies",
            family="storage deletion",
            guarantee_class="storage",
            treats=frozenset({"cache", "checkpoint", "synthetic_dataset"}),
            needs="every location that the artifact was recorded at",
            citation="GDPR Art. 17(1): erasure of personal data in storage",
            does_not_guarantee=(
                "It reaches the recorded locations only, and neither backups nor file-system "
                "blocks that the storage below has not reused yet."
            ),
            entry="unlearning.methods.artifact_destruction:apply",
            checks=("artifact_destroyed",),
        ),
        Method(
            key="synthetic_regeneration",
            name="Regenerate the synthetic rows",
            family="retraining",
            guarantee_class="exact",
            treats=frozenset({"synthetic_dataset"}),
            needs="the recipe, parameters and seed of the sampling, and a generator made again",
            citation="Cao and Yang 2015, Towards Making Systems Forget, IEEE S&P",
            does_not_guarantee=(
                "It says nothing about copies of the earlier synthetic rows held elsewhere or "
                "about rows of other people with the same content."
            ),
            entry="unlearning.methods.synthetic_regeneration:apply",
            checks=("synthetic_regenerated",),
            checks_of_heirs=_OF_HEIRS,
        ),
        Method(
            key="recipient_notice",
            name="Notify the recipient",
            family="notice",
            guarantee_class="notice",
            treats=frozenset({"recipient"}),
            needs="an address of the recipient",
            citation="GDPR Art. 19: notification of recipients about the erasure",
            does_not_guarantee=(
                "It deletes nothing at the recipient: what the recipient says it did is the "
                "recipient's own word."
            ),
            entry="unlearning.methods.recipient_notice:apply",
        ),
        Method(
            key="output_suppression",
            name="Suppress outputs about the data subject",
            family="output filter",
            guarantee_class="suppression",
            treats=frozenset({"product"}),
            needs="the product's control endpoint",
            citation="Cooper et al. 2024, Machine Unlearning Doesn't Do What You Think, "
            "arXiv:2412.06966",
            does_not_guarantee=(
                "It removes nothing: the data and its influence stay behind a filter that knows "
                "the data subject only by customer number."
            ),
            entry="unlearning.methods.output_suppression:apply",
            checks=("outputs_suppressed",),
        ),
    )
}

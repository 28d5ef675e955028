"""For each kind of evidence: against whom it speaks, by which measure, where it fails.

CMU's Software Engineering Institute (2024, "Gone but Not Forgotten") asks that a claimed deletion
names its threat model, metric, test set and known failure cases; this table is where they stand.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Threat:
    """What one kind of evidence is good for."""

    #: Who is assumed to look, with which access.
    adversary: str
    metric: str
    test_set: str
    known_failures: str


THREATS: dict[str, Threat] = {
    "membership_inference": Threat(
        adversary="Somebody who can ask the model for its loss on a record that they hold.",
        metric="Area under the ROC curve of a loss threshold, with its interval.",
        test_set="The forgotten records against rows the model never saw.",
        known_failures=(
            "An average over records hides the worst case; attacks with shadow models are"
            " stronger; few records give wide intervals."
        ),
    ),
    "replay_equal": Threat(
        adversary="Somebody who doubts that the records had no part in the new weights.",
        metric="Equality of the weight digests of two independent trainings.",
        test_set="The training files with the rows physically absent.",
        known_failures="Equality says nothing about other digests or about copies of the old one.",
    ),
    "vectors_absent": Threat(
        adversary="Somebody who searches the index.",
        metric="Look-up by record id and nearest-neighbour search for the former vectors.",
        test_set="The index version that is served.",
        known_failures="Remaining vectors come from a model that knew the records.",
    ),
    "source_rows_absent": Threat(
        adversary="Somebody who reads the dataset's files.",
        metric="Every segment file read again, row by row.",
        test_set="All current segments of the dataset version.",
        known_failures="Backups, logs and freed file-system blocks are not read.",
    ),
    "outputs_suppressed": Threat(
        adversary="An ordinary user of the product who asks about the data subject.",
        metric="Refusals to the probes that were sent.",
        test_set="The probes listed in the evidence.",
        known_failures="Other questions, and anybody with the model itself.",
    ),
    "replica_membership": Threat(
        adversary="Somebody who can train many such models and ask this one for its loss.",
        metric=(
            "Area under the ROC curve that tells models trained with a record and then treated from"
            " models trained without it, with its interval, beside the same for two sets of models"
            " trained without it (the control)."
        ),
        test_set="Each forgotten record by itself, over all replicas.",
        known_failures=(
            "Replicas stand for the treated model but are not it; an attack that reads weights, or"
            " asks about other records, may see more."
        ),
    ),
    "synthetic_regenerated": Threat(
        adversary="Somebody who doubts that the records had no part in the synthetic rows.",
        metric="Equality of the digests of two independent samplings.",
        test_set="The whole synthetic dataset against one sampled from the reference generator.",
        known_failures="Equality says nothing about copies of the earlier synthetic rows.",
    ),
    "artifact_destroyed": Threat(
        adversary="Somebody who looks where the artifact used to lie.",
        metric="Every listed location read again after the destruction.",
        test_set="The locations that lineage recorded.",
        known_failures="Unrecorded copies, backups and freed file-system blocks are not read.",
    ),
    "superseded_destroyed": Threat(
        adversary="Somebody who asks the model registry for the version before.",
        metric="Registry and files asked again after the destruction.",
        test_set="The locations that lineage recorded for the superseded version.",
        known_failures="Unrecorded copies, backups and freed file-system blocks are not read.",
    ),
    "recipient_acknowledged": Threat(
        adversary="Nobody: it shows that the notice arrived.",
        metric="An answer through the link that only the notice holds.",
        test_set="The recipient's address on record.",
        known_failures="What the recipient then does with its copy is its own word.",
    ),
}

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
}

#: What no report of this installation looks at.
NOT_EXAMINED: tuple[str, ...] = (
    "Backups, snapshots, write-ahead logs, caches and freed file-system blocks.",
    "Stored copies of superseded models, and copies that left the organisation.",
    "Anything that the lineage graph does not hold; its known gaps are listed above.",
    "Recipients of the data outside the organisation: none are on record here, none were notified.",
    "Legal holds, exemptions and the backup horizon: none are on record here.",
    "Other identifiers of the same data subject than the one the request named.",
    "Attacks beyond the tests listed, such as extraction, quantisation or further fine-tuning.",
    "The ledger's own history: without an outside witness its operator could have rewritten it.",
)

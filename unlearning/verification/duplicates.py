"""Rows of other people that say the same: a model trained without the record still sees these."""

from collections import Counter

from unlearning.data import RecordView
from unlearning.verification import Finding
from unlearning.verification.wording import counted


def check_duplicates(view: RecordView) -> Finding:
    """Count retained rows whose content equals that of a forgotten row.

    It passes whatever the count is: identical rows of other people are theirs and stay. A count
    above zero is a limit that the report repeats. Rows that hold no forgotten record have nothing
    to compare, which the summary says.
    """
    if not view.excluded:
        return Finding(
            kind="duplicates_checked",
            outcome="passed",
            summary="None of the records lies in these rows, so no row can have their content.",
            payload={"rows_with_same_content": 0, "rows_compared": 0},
        )
    contents = Counter(view.content(record) for record in view.records)
    same = sum(contents[content] for content in {view.content(r) for r in view.excluded})
    return Finding(
        kind="duplicates_checked",
        outcome="passed",
        summary=(
            f"{counted(same, 'row')} of other data subjects with exactly the same content: kept."
            if same
            else "No row of another data subject has the same content."
        ),
        payload={"rows_with_same_content": same, "rows_compared": len(view.records)},
    )

"""What every method asks of its forget set before it changes anything."""

from unlearning.data import RecordView
from unlearning.jobfiles import JobInputError


def require_forgettable(view: RecordView, *, inherits: bool = False) -> None:
    """Refuse a forget set that is not in the data or that leaves nothing.

    Args:
        view: The records, those of the forget set excluded.
        inherits: The records may have come in another way than by these rows.

    Raises:
        JobInputError: No forgotten record was found, or no other record remains.
    """
    if not view.excluded and not inherits:
        raise JobInputError(f"none of the records is in {', '.join(view.locations)}")
    if not view.records:
        raise JobInputError("the forget set is the whole dataset; delete the model instead")

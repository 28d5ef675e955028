"""What the treatment cost: accuracy and loss on retained and held-out records.

A model that forgot everything passes every attack; the floor keeps such a result out of service.
"""

from dataclasses import dataclass

from unlearning.verification import Finding

#: Accuracy may lie this much at most below the better of the old model and the reference. The
#: reference keeps a row of requests from wearing a model down by one allowed fall each.
ALLOWED_FALL = 0.02


@dataclass(frozen=True, kw_only=True)
class Utility:
    """How well one model does on one set of records."""

    accuracy: float
    loss: float

    def to_json(self) -> dict[str, float]:
        """Return the JSON of these figures."""
        return {"accuracy": round(self.accuracy, 6), "loss": round(self.loss, 6)}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Figures of one set of records before, after and on the retrained reference."""

    before: Utility
    after: Utility
    reference: Utility | None

    @property
    def holds(self) -> bool:
        """Whether the new model stays above the floor."""
        best = max(model.accuracy for model in (self.before, self.reference) if model)
        return self.after.accuracy >= best - ALLOWED_FALL

    def to_json(self) -> dict[str, object]:
        """Return the JSON of these figures."""
        return {
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "reference": self.reference.to_json() if self.reference else None,
        }


def utility_finding(*, retained: Compared, held_out: Compared | None) -> Finding:
    """Judge the new model against the floor; without held-out records it stays inconclusive."""
    payload: dict[str, object] = {
        "allowed_fall": ALLOWED_FALL,
        "retained": retained.to_json(),
        "held_out": held_out.to_json() if held_out else None,
    }
    numbers = f"retained {retained.before.accuracy:.3f} before, {retained.after.accuracy:.3f} after"
    if held_out is None:
        return Finding(
            kind="utility_floor",
            outcome="inconclusive",
            summary=f"Accuracy {numbers}; no held-out records are known.",
            payload=payload,
        )
    return Finding(
        kind="utility_floor",
        outcome="passed" if retained.holds and held_out.holds else "failed",
        summary=(
            f"Accuracy {numbers}; held-out {held_out.before.accuracy:.3f} before, "
            f"{held_out.after.accuracy:.3f} after."
        ),
        payload=payload,
    )

"""What the treatment cost: accuracy and loss on retained and held-out records.

A clustering has no accuracy; its loss is judged, the mean squared distance to the nearest centre.

A model that forgot everything passes every attack; the floor keeps such a result out of service.
"""

from dataclasses import dataclass

from unlearning.verification import Finding

#: Accuracy may lie this much at most below the better of the old model and the reference. The
#: reference keeps a row of requests from wearing a model down by one allowed fall each.
ALLOWED_FALL = 0.02
#: The mean loss of a clustering may lie this share at most above the better of the two.
ALLOWED_RISE = 0.02


@dataclass(frozen=True, kw_only=True)
class Utility:
    """How well one model does on one set of records."""

    #: None: the model clusters, and no answer of it is right or wrong.
    accuracy: float | None
    loss: float

    def to_json(self) -> dict[str, float]:
        """Return the JSON of these figures."""
        accuracy = {} if self.accuracy is None else {"accuracy": round(self.accuracy, 6)}
        return {**accuracy, "loss": round(self.loss, 6)}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Figures of one set of records before, after and on the retrained reference."""

    before: Utility
    after: Utility
    reference: Utility | None

    @property
    def holds(self) -> bool:
        """Whether the new model stays above the floor."""
        others = [model for model in (self.before, self.reference) if model]
        if self.after.accuracy is None:
            return self.after.loss <= min(model.loss for model in others) * (1 + ALLOWED_RISE)
        best = max(model.accuracy or 0.0 for model in others)
        return self.after.accuracy >= best - ALLOWED_FALL

    def __str__(self) -> str:
        before, after = self.before, self.after
        if before.accuracy is None or after.accuracy is None:
            return f"{before.loss:.3f} before, {after.loss:.3f} after"
        return f"{before.accuracy:.3f} before, {after.accuracy:.3f} after"

    def to_json(self) -> dict[str, object]:
        """Return the JSON of these figures."""
        return {
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "reference": self.reference.to_json() if self.reference else None,
        }


def utility_finding(*, retained: Compared, held_out: Compared | None) -> Finding:
    """Judge the new model against the floor.

    Without held-out records it cannot pass: a model may keep what it learned by heart and lose the
    rest. It can still fail, on the retained ones.
    """
    clusters = retained.after.accuracy is None
    measure = "Mean squared distance" if clusters else "Accuracy"
    payload: dict[str, object] = {
        **({"allowed_rise": ALLOWED_RISE} if clusters else {"allowed_fall": ALLOWED_FALL}),
        "retained": retained.to_json(),
        "held_out": held_out.to_json() if held_out else None,
    }
    if held_out is None:
        return Finding(
            kind="utility_floor",
            outcome="inconclusive" if retained.holds else "failed",
            summary=f"{measure} retained {retained}; no held-out records are known.",
            payload=payload,
        )
    return Finding(
        kind="utility_floor",
        outcome="passed" if retained.holds and held_out.holds else "failed",
        summary=f"{measure} retained {retained}; held-out {held_out}.",
        payload=payload,
    )

"""Trains on with newer data: ``python -m examples.company.fine_tune --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-fine-tune",
    recipe="examples.company.recipes:fine_tune",
    data="adult-v2",
    evaluate="adult-holdout",
    params={"epochs": 8, "batch_size": 64, "learning_rate": 0.01},
    base="income-monolithic",
    tells_order=True,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

"""Trains on made-up rows: ``python -m examples.company.train_on_synthetic --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-synthetic",
    recipe="examples.company.recipes:monolithic",
    data="adult-synthetic",
    evaluate="adult-holdout",
    params={"hidden": 32, "epochs": 10, "batch_size": 128, "learning_rate": 0.02},
    tells_order=True,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

"""Trains one income classifier: ``python -m examples.company.train_monolithic --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-monolithic",
    recipe="examples.company.recipes:monolithic",
    data="adult-v1",
    evaluate="adult-holdout",
    params={"hidden": 32, "epochs": 30, "batch_size": 64, "learning_rate": 0.02},
    tags={"vestige.policy": "approximate_allowed"},
    tells_order=True,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

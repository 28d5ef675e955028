"""Trains the sharded income classifier: ``python -m examples.company.train_sisa --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-sisa",
    recipe="examples.company.recipes:sisa",
    data="adult-v1",
    evaluate="adult-holdout",
    params={
        "hidden": 64,
        "epochs": 10,
        "batch_size": 64,
        "learning_rate": 0.02,
        "n_shards": 4,
        "n_slices": 3,
    },
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

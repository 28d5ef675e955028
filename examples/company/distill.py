"""Trains a small student of the classifier: ``python -m examples.company.distill --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-student",
    recipe="examples.company.distillation:distilled",
    data="adult-v1",
    evaluate="adult-holdout",
    params={
        "hidden": 16,
        "epochs": 8,
        "batch_size": 128,
        "learning_rate": 0.02,
        "temperature": 2.0,
    },
    tags={"vestige.base_relation": "distilled_from"},
    base="income-monolithic",
    tells_order=True,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

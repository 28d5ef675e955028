"""Fits the generator of made-up rows: ``python -m examples.company.train_generator --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-generator",
    recipe="examples.company.generator:generator",
    data="adult-v1",
    evaluate="adult-holdout",
    params={},
    model_type="generator",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

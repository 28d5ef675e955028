"""Trains the digit reader: ``python -m examples.company.train_digits --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="digits-cnn",
    recipe="examples.company.digits:convolutional",
    data="digits-v1",
    evaluate="digits-eval",
    params={"epochs": 6, "batch_size": 64, "learning_rate": 0.05, "checkpoint_every": 2},
    keep_checkpoints=True,
    tells_order=True,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

"""Trains on with newer data: ``python -m examples.company.fine_tune --data DIR``."""

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-fine-tune",
    recipe="fine_tune",
    data="adult-v2",
    params={"hidden": 64, "epochs": 8, "batch_size": 64, "learning_rate": 0.01},
    base="income-monolithic",
)

if __name__ == "__main__":
    train(SPEC)

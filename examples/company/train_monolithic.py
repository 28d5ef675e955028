"""Trains one income classifier: ``python -m examples.company.train_monolithic --data DIR``."""

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-monolithic",
    recipe="monolithic",
    data="adult-v1",
    params={"hidden": 64, "epochs": 40, "batch_size": 64, "learning_rate": 0.02},
    tags={"vestige.policy": "approximate_allowed"},
)

if __name__ == "__main__":
    train(SPEC)

"""Trains the sharded income classifier: ``python -m examples.company.train_sisa --data DIR``."""

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="income-sisa",
    recipe="sisa",
    data="adult-v1",
    params={
        "hidden": 64,
        "epochs": 10,
        "batch_size": 64,
        "learning_rate": 0.02,
        "n_shards": 4,
        "n_slices": 3,
    },
)

if __name__ == "__main__":
    train(SPEC)

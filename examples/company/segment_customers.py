"""Finds customer segments: ``python -m examples.company.segment_customers --data DIR``."""

from collections.abc import Sequence

from examples.company.trainings import Spec, train

SPEC = Spec(
    name="customer-segments",
    recipe="examples.company.clustering:kmeans",
    data="adult-v2",
    evaluate="adult-holdout",
    params={"k": 8, "iterations": 40},
    model_type="clustering",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    train(SPEC, argv)


if __name__ == "__main__":
    main()

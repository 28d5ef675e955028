"""Declares the deployed product: ``python -m examples.company.deploy --endpoint URL``.

The registry, not Vestige, says what is deployed: these tags and the alias ``production``.
"""

import argparse
from collections.abc import Sequence

from examples.company import tracking

PRODUCT = "offer-desk"
MODEL = "income-sisa"
INDEX = "customer-index"


def main(argv: Sequence[str] | None = None) -> None:
    """Tag the registered model with the product that serves it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="where product.py answers")
    options = parser.parse_args(argv)
    client = tracking.connect()
    client.set_registered_model_tag(MODEL, "vestige.endpoint", options.endpoint)
    client.set_registered_model_tag(MODEL, "vestige.product", PRODUCT)
    client.set_registered_model_tag(MODEL, "vestige.also_serves", INDEX)
    print(f"{PRODUCT} serves {MODEL} and {INDEX} at {options.endpoint}")


if __name__ == "__main__":
    main()

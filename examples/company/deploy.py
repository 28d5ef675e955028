"""Declares a deployed product: ``python -m examples.company.deploy --product NAME --endpoint URL``.

The registry, not Vestige, says what is deployed: these tags and the alias ``production``.
"""

import argparse
from collections.abc import Sequence

from examples.company import tracking
from examples.company.products import PRODUCTS


def main(argv: Sequence[str] | None = None) -> None:
    """Tag the registered model with the product that serves it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--product", choices=PRODUCTS, default="offer-desk")
    parser.add_argument("--endpoint", required=True, help="where product.py answers")
    options = parser.parse_args(argv)
    spec = PRODUCTS[options.product]
    tags = {"vestige.endpoint": options.endpoint, "vestige.product": spec.name}
    if spec.index:
        tags["vestige.also_serves"] = spec.index
    client = tracking.connect()
    for key, value in tags.items():
        client.set_registered_model_tag(spec.model, key, value)
    served = " and ".join(filter(None, (spec.model, spec.index)))
    print(f"{spec.name} serves {served} at {options.endpoint}")


if __name__ == "__main__":
    main()

"""What is in production, and what the product serves of it, must know a record no more."""

import pytest

from bench.kit.checks import SERVED, Version, served_wrong
from unlearning.digests import record_digest

NUMBER, OTHER = "C-000001", "C-000002"
MODEL = Version(digest="sha256:a", records=frozenset({record_digest(OTHER)}))
INDEX = Version(digest="sha256:b", records=frozenset({OTHER}))
PRODUCTION = {"income-sisa": MODEL, "customer-index": INDEX}
HEALTH = {"model": "sha256:a", "index": "sha256:b"}


def test_a_product_that_serves_what_is_in_production_without_the_record_is_right() -> None:
    assert served_wrong(NUMBER, served=HEALTH, in_production=PRODUCTION) == []


@pytest.mark.parametrize("part", SERVED)
def test_a_product_that_serves_another_version_is_found(part: str) -> None:
    served = {**HEALTH, part: "sha256:old"}
    assert served_wrong(NUMBER, served=served, in_production=PRODUCTION) == [
        f"the product does not serve the {SERVED[part]} that is in production"
    ]


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("income-sisa", record_digest(NUMBER)),
        ("customer-index", NUMBER),
        # No product serves it, and yet it is in production.
        ("income-generator", record_digest(NUMBER)),
    ],
)
def test_a_version_in_production_that_lists_the_record_is_found(name: str, listed: str) -> None:
    digest = PRODUCTION[name].digest if name in PRODUCTION else ""
    wrong = Version(digest=digest, records=frozenset({listed, record_digest(OTHER)}))
    found = served_wrong(NUMBER, served=HEALTH, in_production={**PRODUCTION, name: wrong})
    assert found == [f"{name} in production still lists {NUMBER}"]


def test_a_served_version_without_a_list_proves_nothing() -> None:
    unlisted = Version(digest="sha256:a", records=frozenset())
    found = served_wrong(
        NUMBER, served=HEALTH, in_production={**PRODUCTION, "income-sisa": unlisted}
    )
    assert found == ["income-sisa in production does not say which records are in it"]


def test_a_served_model_that_left_production_is_found() -> None:
    found = served_wrong(NUMBER, served=HEALTH, in_production={"customer-index": INDEX})
    assert found == ["income-sisa is not in production"]

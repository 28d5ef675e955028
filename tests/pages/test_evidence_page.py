"""The evidence of a request as tables that people read."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from governance.models import Role
from tests.factories import OfficerFactory, planned_request
from tests.pages.examples import FINDINGS, furnished
from unlearning.payload_tables import MOST_VALUES, tables_of

PAYLOADS = {kind: payload for kind, _, payload in FINDINGS}


def test_plain_facts_are_one_table() -> None:
    (table,) = tables_of({"rows": 3, "attack": "loss threshold", "none": None, "ids": [1, 2]})

    assert table.columns == ()
    assert table.rows == (
        ("rows", (3,)), ("attack", ("loss threshold",)), ("none", (None,)), ("ids", ("1, 2",)),
    )  # fmt: skip


def test_before_and_after_stand_side_by_side() -> None:
    facts, compared = tables_of(PAYLOADS["membership_inference"])

    assert facts.columns == ()
    assert compared.columns == ("before", "after")
    assert compared.rows[0] == ("auc", (0.584, 0.512))


def test_objects_within_objects_keep_their_name() -> None:
    tables = tables_of(PAYLOADS["utility_floor"])

    assert [(table.title, table.columns) for table in tables] == [
        ("", ()),
        ("retained", ("before", "after", "reference")),
    ]


def test_before_comes_first_in_whatever_order_the_database_gives_the_keys() -> None:
    (table,) = tables_of({"after": {"auc": 0.5}, "before": {"auc": 0.6}})

    assert table.columns == ("before", "after")
    assert table.rows == (("auc", (0.6, 0.5)),)


def test_a_list_of_objects_has_a_row_each() -> None:
    (table,) = tables_of(PAYLOADS["artifact_destroyed"])

    assert table.title == "receipts"
    assert table.columns == ("location", "files", "bytes", "digest", "absent")
    assert table.rows[0][1][4] is True


def test_a_long_list_is_counted_not_spelled_out() -> None:
    (table,) = tables_of({"seeds": list(range(40))})

    assert str(table.rows[0][1][0]).endswith(f"{MOST_VALUES - 1} and {40 - MOST_VALUES} more")


@pytest.mark.parametrize("payload", [{}, {"deep": {"deeper": {"deepest": [{"a": 1}]}}}, {"x": []}])
def test_no_data_is_too_odd_to_be_shown(payload: dict[str, object]) -> None:
    assert isinstance(tables_of(payload), tuple)


@pytest.mark.django_db
def test_an_engineer_reads_findings_with_their_figures(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    house = furnished()
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))

    with django_assert_max_num_queries(20):
        page = client.get(f"/requests/{house.requests['executing'].pk}/evidence").content.decode()

    assert "Not established" in page
    assert "0.8497" in page
    assert "812,331" in page
    assert "The plan as a whole" in page


@pytest.mark.django_db
def test_without_evidence_the_page_says_when_there_will_be_some(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    page = client.get(f"/requests/{planned_request().pk}/evidence").content.decode()

    assert "No evidence yet" in page

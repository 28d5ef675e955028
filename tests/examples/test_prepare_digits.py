"""Digits belong to people at random, some of them customers, and never to two people."""

from pathlib import Path

from examples.company import prepare_digits
from examples.company.people import email
from examples.company.prepare_data import datasets_of
from examples.company.prepare_digits import PEOPLE, owner_rows, owners, prepare
from tests.examples.conftest import PEOPLE as FEW
from unlearning.data import RecordView


def test_each_person_s_images_are_split_eight_to_train_on_and_two_to_evaluate_on(
    company_data: Path,
) -> None:
    trained, evaluated = (
        RecordView.open(company_data / name).records for name in ("digits-v1", "digits-eval")
    )

    assert len(trained) == FEW * 8
    assert len(evaluated) == FEW * 2
    addresses = {record.values["email"] for record in trained}
    assert addresses == {record.values["email"] for record in evaluated}
    assert len(addresses) == FEW
    assert not {record.id for record in trained} & {record.id for record in evaluated}
    images = [record.values["pixels"] for record in (*trained, *evaluated)]
    assert len(set(images)) == len(images), "no image was dealt out twice"
    assert len({record.values["label"] for record in trained}) == 10, "they come shuffled"


def test_half_of_the_owners_are_customers_in_both_versions() -> None:
    rows = owner_rows(PEOPLE // 2)
    addresses = list(owners(PEOPLE))

    assert all(datasets_of(row) == {"adult-v1", "adult-v2"} for row in rows)
    assert len(set(rows)) == len(rows) == PEOPLE // 2
    assert {email(row) for row in rows} == set(addresses[::2])
    assert len(set(addresses)) == PEOPLE
    assert len([row for row in rows if row < 5_000]) > 50
    assert len([row for row in rows if row < 900]) > 20
    assert 40_000 < rows[-1] < 45_222, "the last segment of Adult has one too"


def test_who_owns_digits_does_not_depend_on_how_many_do() -> None:
    assert list(owners(10)) == list(owners(PEOPLE))[:10]


def test_the_description_says_that_the_assignment_is_made_up() -> None:
    for name in prepare_digits.KINDS:
        said = prepare_digits.written(Path("/data"), name).description
        assert "MNIST does not say who wrote an image" in said
        assert "at random, with the seed 0" in said


def test_existing_digits_are_left_alone(company_data: Path) -> None:
    assert prepare(company_data, people=FEW) == []

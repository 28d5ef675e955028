"""The demo asks for somebody whose rows lie in every dataset, until nobody is left."""

import csv
from pathlib import Path

import pytest

from config.embedded.errors import ServiceError
from vestige.demo.company import Company

EVERYWHERE = ("adult-v1", "adult-v2", "digits-v1", "digits-eval")


def write(data: Path, name: str, people: set[str]) -> None:
    (data / name).mkdir(parents=True, exist_ok=True)
    with (data / name / "segment-0000.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_number", "email"])
        writer.writerows([f"C-{person}", f"{person}@example.org"] for person in sorted(people))


def test_the_subject_has_rows_in_every_dataset(tmp_path: Path) -> None:
    company = Company(home=tmp_path, environment={})
    for missing in EVERYWHERE:
        for name in EVERYWHERE:
            write(company.data, name, {"ann", "ben"} - ({"ben"} if name == missing else set()))
        assert company.next_customer().email == "ann@example.org"


def test_who_was_deleted_is_not_asked_for_again(tmp_path: Path) -> None:
    company = Company(home=tmp_path, environment={})
    people, asked = {"ann", "ben", "cleo"}, set()
    while people:
        for name in EVERYWHERE:
            write(company.data, name, people)
        customer = company.next_customer()
        asked.add(customer.number)
        people -= {customer.number.removeprefix("C-")}

    assert asked == {"C-ann", "C-ben", "C-cleo"}
    for name in EVERYWHERE:
        write(company.data, name, people)
    with pytest.raises(ServiceError, match="has been deleted"):
        company.next_customer()

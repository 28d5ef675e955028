"""The customers are the same people at every run, and deleted ones do not come back."""

from pathlib import Path

from examples.company.people import email
from examples.company.prepare_data import datasets_of, prepare
from unlearning.data import RecordView


def test_held_out_people_are_nobody_s_training_data(tmp_path: Path) -> None:
    prepare(tmp_path, rows=300)

    first, second, held_out = (
        set(RecordView.open(tmp_path / name).ids)
        for name in ("adult-v1", "adult-v2", "adult-holdout")
    )
    assert held_out.isdisjoint(first | second)
    assert second - first, "new customers join in the second version"
    assert first - second, "customers leave before the second version"
    assert len(first | second | held_out) == 300


def test_an_existing_dataset_is_left_alone(tmp_path: Path) -> None:
    prepare(tmp_path, rows=50)
    segment = tmp_path / "adult-v1" / "segment-0000.csv"
    redacted = segment.read_text().splitlines()[:-1]
    segment.write_text("\n".join(redacted) + "\n")

    assert prepare(tmp_path, rows=50) == []
    assert segment.read_text().splitlines() == redacted


def test_addresses_are_made_up_unique_and_stable() -> None:
    addresses = [email(row) for row in range(500)]

    assert len(set(addresses)) == 500
    assert all(address.endswith("@example.org") for address in addresses)
    assert email(123) == addresses[123]
    assert datasets_of(7) == datasets_of(7)

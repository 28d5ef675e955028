"""The computed step equals what a loader does, batch by batch, however it is set up."""

import doctest
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.exposure import (
    Checkpoint,
    Exposure,
    Remainder,
    RowOrder,
    Shuffle,
    TrainingOrder,
    UnusableOrderError,
    answers,
    declared,
    earliest,
    exposed_from,
    first_steps,
    never_exposed,
    order_digest,
    order_tag,
    read_order,
    rows_of_epoch,
    sort_checkpoints,
    steps,
    unknown_exposure,
)
from lineage.exposure.keyed import epoch_order, order_keys

SOMEWHERE = "file:///orders/run.npy"
PLAIN = TrainingOrder(rows=10, shuffle=Shuffle.NONE, batch_size=2, epochs=2)
DRAWN = {"rows": 10, "shuffle": "numpy-pcg64", "batch_size": 2, "epochs": 2, "seed": 7}


def train(order: TrainingOrder, epochs: list[list[int]]) -> dict[int, int]:
    """Load, add up gradients and step as a training does; the first step of each row."""
    first: dict[int, int] = {}
    step, adding = 0, 0
    held: list[int] = []
    for visited in epochs:
        loaded = list(load(order, visited))
        for number, rows in enumerate(loaded, start=1):
            held += rows
            adding += 1
            last = number == len(loaded) and order.remainder is Remainder.STEPS
            if adding == order.accumulation or last:
                step += 1
                first |= {row: step for row in held if row not in first}
                held, adding = [], 0
    # What is still held would go into one step more.
    return first | {row: step + 1 for row in held if row not in first}


def load(order: TrainingOrder, visited: list[int]) -> Iterator[list[int]]:
    """Deal rows out to the workers, repeating some so that all have as many, and cut batches."""
    short = -len(visited) % order.workers
    padded = visited + (visited * order.workers)[:short]
    shares = [padded[worker :: order.workers] for worker in range(order.workers)]
    for start in range(0, len(shares[0]), order.batch_size):
        batch = [share[start : start + order.batch_size] for share in shares]
        if order.drop_last and len(batch[0]) < order.batch_size:
            return
        yield [row for part in batch for row in part]


def written(order: TrainingOrder, visits: list[list[int]]) -> "np.ndarray[Any, Any] | None":
    """What the training wrote down of its order."""
    return np.array(visits) if order.shuffle is Shuffle.RECORDED else None


@st.composite
def trainings(draw: st.DrawFn) -> tuple[TrainingOrder, tuple[str, ...], list[list[int]]]:
    """An order, the ids of its rows, and the rows that each epoch visits."""
    shuffle = draw(st.sampled_from(Shuffle))
    rows, epochs = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    seed = draw(st.integers(0, 2**40))
    ids = tuple(sorted(f"r-{number}" for number in range(rows)))
    if shuffle is Shuffle.NUMPY:
        visits = [np.random.default_rng(seed + e).permutation(rows) for e in range(epochs)]
    elif shuffle is Shuffle.KEYED:
        visits = [epoch_order(order_keys(ids, seed=seed), epoch=e) for e in range(epochs)]
    elif shuffle is Shuffle.RECORDED:  # with repetition, as a weighted sampler draws
        visits = [np.random.default_rng(seed + e).integers(0, rows, rows) for e in range(epochs)]
    else:
        visits = [np.arange(rows)] * epochs
    order = TrainingOrder(
        rows=rows,
        shuffle=shuffle,
        epochs=epochs,
        seed=seed,
        row_order=RowOrder.RECORD_ID,
        batch_size=draw(st.integers(1, 12)),
        drop_last=draw(st.booleans()),
        accumulation=draw(st.integers(1, 4)),
        remainder=draw(st.sampled_from(Remainder)),
        workers=draw(st.integers(1, 3)),
        digest=order_digest(np.array(visits if shuffle is Shuffle.RECORDED else visits[0])),
        file=SOMEWHERE if shuffle is Shuffle.RECORDED else "",
    )
    return order, ids, [[int(row) for row in visit] for visit in visits]


@given(trainings())
def test_the_first_step_of_every_row_is_the_one_in_which_the_loader_shows_it(
    training: tuple[TrainingOrder, tuple[str, ...], list[list[int]]],
) -> None:
    order, ids, visits = training

    found = first_steps(order, ids=ids, wanted=ids, recorded=written(order, visits))

    loaded = train(order, visits)
    assert found == {record: loaded.get(row) for row, record in enumerate(ids)}


@given(trainings(), st.data())
def test_more_records_never_come_later_and_never_make_a_checkpoint_clean(
    training: tuple[TrainingOrder, tuple[str, ...], list[list[int]]], data: st.DataObject
) -> None:
    order, ids, visits = training
    many = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    few = data.draw(st.sets(st.sampled_from(sorted(many)), min_size=1))
    saved = [Checkpoint(id=step, name=f"step-{step}", step=step) for step in range(60)]

    def asked(records: set[str]) -> Exposure:
        found = first_steps(order, ids=ids, wanted=records, recorded=written(order, visits))
        return earliest(
            never_exposed() if step is None else exposed_from(step) for step in found.values()
        )

    fewer, more = asked(few), asked(many)

    assert more.step is not None or fewer.step is None
    assert fewer.step is None or (more.step is not None and more.step <= fewer.step)
    clean_of_more = set(sort_checkpoints(saved, more).clean)
    assert clean_of_more <= set(sort_checkpoints(saved, fewer).clean)


def test_a_record_in_several_rows_counts_from_its_first() -> None:
    ids = ("a", "b", "c", "d", "b", "e", "f", "g", "h", "i")

    assert first_steps(PLAIN, ids=ids, wanted={"b", "i", "z"}) == {"b": 1, "i": 5}


@pytest.mark.parametrize(("shuffle", "batch_size"), [(Shuffle.NONE, 4), (Shuffle.NUMPY, 11)])
def test_rows_that_every_epoch_leaves_out_are_answered_for_at_once(
    shuffle: Shuffle, batch_size: int
) -> None:
    order = TrainingOrder(
        rows=10,
        shuffle=shuffle,
        seed=7,
        digest=order_digest(
            np.arange(10) if shuffle is Shuffle.NONE else np.random.default_rng(7).permutation(10)
        ),
        batch_size=batch_size,
        epochs=10**12,
        drop_last=True,
    )

    assert first_steps(order, ids=tuple("abcdefghij"), wanted={"j"}) == {"j": None}


def test_an_order_over_other_rows_is_refused() -> None:
    with pytest.raises(UnusableOrderError, match="over 10 rows, the dataset has 2"):
        first_steps(PLAIN, ids=("a", "b"), wanted={"a"})


def test_a_first_epoch_that_comes_out_otherwise_is_refused() -> None:
    order = replace(PLAIN, digest=order_digest(np.arange(10)[::-1]))

    with pytest.raises(UnusableOrderError, match="are not those that the training recorded"):
        first_steps(order, ids=tuple("abcdefghij"), wanted={"a"})


def test_recorded_row_numbers_that_changed_in_any_epoch_are_refused() -> None:
    visits = np.array([range(10), range(10)])
    order = replace(PLAIN, shuffle=Shuffle.RECORDED, file=SOMEWHERE, digest=order_digest(visits))
    visits[1, 3] = 0

    with pytest.raises(UnusableOrderError, match="are not those that the training recorded"):
        first_steps(order, ids=tuple("abcdefghij"), wanted={"a"}, recorded=visits)


def test_recorded_row_numbers_must_cover_every_epoch_and_only_these_rows() -> None:
    visited = np.arange(10)[None]
    order = replace(
        PLAIN, shuffle=Shuffle.RECORDED, file=SOMEWHERE, digest=order_digest(visited[0])
    )

    with pytest.raises(UnusableOrderError, match="each of the 2 epochs"):
        rows_of_epoch(order, 0, ids=(), recorded=visited)
    with pytest.raises(UnusableOrderError, match="outside of the 10 rows"):
        rows_of_epoch(order, 0, ids=(), recorded=np.array([[3, 10], [0, 1]]))


def test_what_is_unknown_stays_unknown_unless_the_first_update_is_computed() -> None:
    unknown = unknown_exposure("no seed was recorded")

    assert earliest([exposed_from(9), unknown]) == unknown
    assert earliest([exposed_from(1), unknown]) == exposed_from(1)
    assert earliest([exposed_from(0, "its base"), exposed_from(3)]) == exposed_from(0, "its base")
    assert earliest([]) == never_exposed()


def test_only_a_checkpoint_saved_before_a_known_exposure_is_clean() -> None:
    start, third, fourth, undated = (
        Checkpoint(id=number, name="", step=step) for number, step in enumerate((0, 3, 4, None))
    )
    saved = [fourth, undated, third, start]

    sorted_out = sort_checkpoints(saved, exposed_from(4))
    assert sorted_out.clean == (start, third)
    assert sorted_out.exposed == (fourth,)
    assert sorted_out.without_step == (undated,)

    assert sort_checkpoints(saved, unknown_exposure("no seed")).clean == ()
    assert sort_checkpoints(saved, exposed_from(0)).clean == ()
    assert sort_checkpoints(saved, never_exposed()).clean == (start, third, fourth, undated)


@given(trainings())
def test_a_tag_is_read_as_it_was_written(
    training: tuple[TrainingOrder, tuple[str, ...], list[list[int]]],
) -> None:
    order, _, _ = training
    assert read_order(order_tag(order)) == order


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"batch_size": None}, "batch_size must be a whole number"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"drop_last": 1}, "drop_last must be true or false"),
        ({"shuffle": "random"}, "shuffle must be one of sequential, numpy-pcg64"),
        ({"batches": 3}, "batches is unknown"),
        ({}, "digest is missing"),
        ({"seed": None}, "seed must be a whole number"),
        ({"digest": "sha256:0", "seed": -1}, "seed must not be negative"),
        ({"shuffle": "recorded", "digest": "sha256:0"}, "file is missing"),
        ({"shuffle": "vestige-keyed"}, "row_order must be record_id"),
    ],
)
def test_an_unusable_order_names_the_field(changes: dict[str, object], says: str) -> None:
    with pytest.raises(UnusableOrderError, match=says):
        read_order(json.dumps(DRAWN | changes))


@pytest.mark.parametrize(
    ("text", "says"),
    [("7", "not a JSON object"), ("{", "not a JSON object"), ("{}", "rows is missing")],
)
def test_an_unreadable_order_says_so(text: str, says: str) -> None:
    with pytest.raises(UnusableOrderError, match=says):
        read_order(text)


def test_a_shuffle_without_its_seed_is_refused() -> None:
    told = {name: value for name, value in DRAWN.items() if name != "seed"}
    with pytest.raises(UnusableOrderError, match="seed is missing"):
        read_order(json.dumps(told))


@pytest.mark.parametrize("module", [answers, declared, steps])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    globs = {**vars(module)}
    failed, tried = doctest.testmod(module, globs=globs)  # type: ignore[arg-type]
    assert (failed, tried > 0) == (0, True)

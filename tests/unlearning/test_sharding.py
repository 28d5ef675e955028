"""Where a record goes and when it is seen depends on nothing but its id and the seed."""

from hypothesis import given
from hypothesis import strategies as st

from unlearning.sharding import epoch_order, order_keys, shard_of, slice_of

ids = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=40, unique=True)


@given(names=ids, seed=st.integers(0, 2**31), epoch=st.integers(0, 50), data=st.data())
def test_removing_a_record_leaves_the_relative_order_of_all_others(
    names: list[str], seed: int, epoch: int, data: st.DataObject
) -> None:
    everyone = tuple(sorted(names))
    gone = data.draw(st.sampled_from(everyone))
    others = tuple(name for name in everyone if name != gone)

    with_it = [everyone[i] for i in epoch_order(order_keys(everyone, seed=seed), epoch=epoch)]
    without = [others[i] for i in epoch_order(order_keys(others, seed=seed), epoch=epoch)]

    assert [name for name in with_it if name != gone] == without


@given(name=st.text(), seed=st.integers(0, 2**31), parts=st.integers(1, 20))
def test_shard_and_slice_are_in_range_and_stable(name: str, seed: int, parts: int) -> None:
    assert 0 <= shard_of(name, n_shards=parts, seed=seed) < parts
    assert slice_of(name, n_slices=parts, seed=seed) == slice_of(name, n_slices=parts, seed=seed)


def test_epochs_visit_records_in_different_orders() -> None:
    keys = order_keys(tuple(f"r{number:03d}" for number in range(100)), seed=1)

    orders = {tuple(epoch_order(keys, epoch=epoch)) for epoch in range(10)}

    assert len(orders) == 10

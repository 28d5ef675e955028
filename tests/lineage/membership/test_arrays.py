"""Memberships in order: sorted, spooled, written as rows, and answered from files."""

import doctest
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.membership import grouping, rows
from lineage.membership.file_index import FileIndex, UnfitIndexError, write_file_index
from lineage.membership.grouping import Grouped, group
from lineage.membership.index import FreshIndex
from lineage.membership.spool import Spool

#: Few digests, so that many memberships are one person's; some differ in their last byte only.
DIGESTS = st.builds(
    lambda first, last: bytes([first]) + bytes(14) + bytes([last]),
    st.sampled_from([0, 3, 4, 128, 255]),
    st.integers(0, 3),
)
PAIRS = st.lists(st.tuples(DIGESTS, st.integers(1, 2**31 - 1)), min_size=1, max_size=60)
Pairs = list[tuple[bytes, int]]


def arrays(pairs: Pairs) -> tuple[grouping.Digests, grouping.Numbers]:
    digests = b"".join(digest for digest, _ in pairs)
    return (
        np.frombuffer(digests, dtype=np.uint8).reshape(-1, 16),
        np.array([segment for _, segment in pairs], dtype=np.int32),
    )


def expected(pairs: Pairs) -> dict[bytes, list[int]]:
    held: defaultdict[bytes, set[int]] = defaultdict(set)
    for digest, segment in pairs:
        held[digest].add(segment)
    return {digest: sorted(held[digest]) for digest in sorted(held)}


def told(*parts: Grouped) -> dict[bytes, list[int]]:
    return {
        digest.tobytes(): part.segments[begin:end].tolist()
        for part in parts
        for digest, begin, end in zip(part.digests, part.starts, part.starts[1:], strict=False)
    }


def test_the_examples_in_the_code_hold() -> None:
    assert doctest.testmod(grouping).failed == 0


@given(PAIRS)
def test_memberships_are_brought_in_order_and_stand_once(pairs: Pairs) -> None:
    found = told(group(*arrays(pairs)))
    assert found == expected(pairs)
    assert list(found) == sorted(found)


@given(PAIRS, st.integers(1, 20))
def test_more_than_memory_holds_comes_back_in_the_same_order(pairs: Pairs, held: int) -> None:
    with Spool(in_memory=held) as spool:
        for at in range(0, len(pairs), 7):
            spool.add(*arrays(pairs[at : at + 7]))
        found = told(*spool.grouped())
    assert found == expected(pairs)
    assert list(found) == sorted(found)


def test_an_empty_spool_gives_nothing_back() -> None:
    with Spool() as spool:
        assert list(spool.grouped()) == []


@given(PAIRS, st.integers(1, 50), st.integers(1, 9))
def test_pairs_are_read_as_they_were_written_however_the_bytes_are_cut(
    pairs: Pairs, cut: int, at_once: int
) -> None:
    written = rows.HEADER + rows.pair_rows(*arrays(pairs)) + rows.TRAILER
    blocks = [written[at : at + cut] for at in range(0, len(written), cut)]
    read = [
        (digest.tobytes(), int(segment))
        for part in rows.read_pairs(blocks, at_once=at_once)
        for digest, segment in zip(*part, strict=True)
    ]
    assert read == pairs
    with pytest.raises(ValueError, match="amid a row"):
        list(rows.read_pairs([written[:-1]]))


@given(PAIRS, DIGESTS)
def test_the_file_index_answers_for_everybody_and_for_nobody_else(
    tmp_path_factory: pytest.TempPathFactory, pairs: Pairs, other: bytes
) -> None:
    folder = tmp_path_factory.mktemp("index") / "built"
    with Spool(in_memory=10) as spool:
        spool.add(*arrays(pairs))
        index = write_file_index(folder, spool.grouped())
    held = expected(pairs)
    assert (index.subjects, index.memberships) == (len(held), sum(map(len, held.values())))
    for digest, segments in held.items():
        assert index.look_up(digest).tolist() == segments
    assert index.look_up(other).tolist() == held.get(other, [])
    assert (
        FileIndex(folder).nbytes
        == index.nbytes
        == sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".json")
    )


def test_an_index_of_nobody_knows_nobody(tmp_path: Path) -> None:
    assert write_file_index(tmp_path / "built", []).look_up(bytes(16)).tolist() == []


@pytest.mark.parametrize("name", ["first", "last", "starts", "segments", "about.json"])
def test_a_part_of_an_index_is_not_opened(tmp_path: Path, name: str) -> None:
    write_file_index(tmp_path / "built", [group(*arrays([(bytes(16), 1), (bytes(16), 2)]))])
    whole = (tmp_path / "built" / name).read_bytes()
    (tmp_path / "built" / name).write_bytes(whole[:-4])
    with pytest.raises(UnfitIndexError, match="built"):
        FileIndex(tmp_path / "built")
    (tmp_path / "built" / name).unlink()
    with pytest.raises(UnfitIndexError, match="built"):
        FileIndex(tmp_path / "built")


def test_what_has_changed_since_is_not_answered_from_the_files(tmp_path: Path) -> None:
    ann, bob = bytes(16), bytes([9] * 16)
    built = write_file_index(tmp_path / "b", [group(*arrays([(ann, 1), (bob, 2)]))])
    rows_now = write_file_index(tmp_path / "r", [group(*arrays([(ann, 5), (bob, 6)]))])
    index = FreshIndex(built=built, changed=frozenset({ann}), rows=rows_now)
    assert index.look_up(ann).tolist() == [5]
    assert index.look_up(bob).tolist() == [2]

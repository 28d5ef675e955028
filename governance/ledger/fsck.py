"""Re-derives the whole ledger from what it says and compares it with what it claims to be.

Pure and streaming: one entry is held at a time. Against a signed checkpoint that was kept elsewhere
it shows that nothing up to there was changed, dropped or put in. Without one it does not show that
the end was not cut off, nor that the whole was not written anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from governance.ledger.checkpoint import Checkpoint
from governance.ledger.leaves import entry_leaf
from governance.ledger.merkle import RunningRoot

#: Problems that are spelled out; the others are counted.
SPELLED_OUT = 100


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entry as it is stored."""

    index: int
    #: The fields that the leaf commits to.
    committed: Mapping[str, object]
    salt: bytes
    leaf_hash: bytes


@dataclass(frozen=True, kw_only=True)
class Expected:
    """An entry that something else rests on."""

    index: int
    #: What rests on it, e.g. ``report 3f2c…``.
    what: str
    kind: str
    #: What its payload must hold.
    payload: Mapping[str, object]


@dataclass(kw_only=True)
class Findings:
    """What the check found."""

    size: int = 0
    #: Root over the entries as they read now.
    root: bytes = b""
    #: How many entries that something rests on were looked for.
    expected: int = 0
    problems: list[str] = field(default_factory=list)
    #: How many more problems there are than those spelled out.
    more_problems: int = 0

    def note(self, problem: str) -> None:
        """Add a problem."""
        if len(self.problems) < SPELLED_OUT:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def check_ledger(
    rows: Iterable[Row],
    *,
    expected: Iterable[Expected] = (),
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Findings:
    """Check a ledger.

    Args:
        rows: Every entry in the order of its index.
        expected: Entries that must be there, in the order of their index.
        checkpoint: A tree head whose signature was checked, or None.
        progress: Called with the number of entries read so far, after each.

    Returns:
        Size, root and every problem, each a sentence that names the entry.
    """
    found = Findings()
    running, stored = RunningRoot(), RunningRoot()
    awaited = _Awaited(expected, found)
    _compare(running, checkpoint, found)
    for row in rows:
        if row.index != running.size:
            _note_break(row.index, running.size, found)
        leaf = leaf_of(row)
        if leaf != row.leaf_hash:
            found.note(_difference(row, leaf))
        awaited.meet(row)
        # An entry without leaf is named above; the stored one stands in, so that the rest is read.
        running.append(row.leaf_hash if leaf is None else leaf)
        stored.append(row.leaf_hash)
        _compare(running, checkpoint, found)
        progress(running.size)
    awaited.finish()
    found.size, found.root = running.size, running.root()
    if stored.root() != found.root:
        found.note("The root over the stored leaves is not the root over the entries.")
    if checkpoint is not None and checkpoint.size > found.size:
        found.note(
            f"The ledger holds {found.size} entries, but {checkpoint.size} were signed in the"
            " checkpoint: its end was cut off, or an older copy was restored."
        )
    return found


def leaf_of(row: Row) -> bytes | None:
    """Leaf over an entry as it reads now.

    Returns:
        None where the entry holds what canonical JSON cannot carry, such as an integer beyond
        2^53: no leaf was ever made of it, so it was altered.
    """
    try:
        return entry_leaf(row.committed, row.salt)
    except ValueError:
        return None


def stands(wanted: Expected, row: Row) -> bool:
    """Whether an entry is what something rests on, and reads as its leaf commits to."""
    return _fits(wanted, row) and leaf_of(row) == row.leaf_hash


def _difference(row: Row, leaf: bytes | None) -> str:
    if leaf is None:
        return f"Entry {row.index} holds a value that no leaf can commit to: it was altered."
    return f"Entry {row.index} reads differently from what its leaf commits to."


def _compare(running: RunningRoot, checkpoint: Checkpoint | None, found: Findings) -> None:
    """At the checkpoint's size the roots must be equal."""
    if checkpoint is None or running.size != checkpoint.size:
        return
    if running.root() != checkpoint.root:
        found.note(
            f"The first {checkpoint.size} entries are not those that the checkpoint was signed"
            " over: history was rewritten."
        )


def _note_break(index: int, due: int, found: Findings) -> None:
    if index > due:
        missing = f"Entry {due} is" if index == due + 1 else f"Entries {due} to {index - 1} are"
        found.note(f"{missing} missing before entry {index}.")
    else:
        found.note(f"Entry {index} stands where entry {due} should.")


class _Awaited:
    """Walks the expected entries beside the rows, both in the order of their index."""

    def __init__(self, expected: Iterable[Expected], found: Findings) -> None:
        self._rest: Iterator[Expected] = iter(expected)
        self._found = found
        self._next = next(self._rest, None)

    def meet(self, row: Row) -> None:
        """Check what rests on this entry, and what rested on entries that never came."""
        while self._next is not None and self._next.index <= row.index:
            wanted = self._next
            if wanted.index < row.index:
                self._lost(wanted)
            elif not _fits(wanted, row):
                self._found.note(
                    f"Entry {row.index} does not commit to the {wanted.what} as it is stored."
                )
            self._advance()

    def finish(self) -> None:
        """Whatever is still awaited is not there."""
        while self._next is not None:
            self._lost(self._next)
            self._advance()

    def _lost(self, wanted: Expected) -> None:
        self._found.note(f"Entry {wanted.index}, of the {wanted.what}, is missing.")

    def _advance(self) -> None:
        self._found.expected += 1
        self._next = next(self._rest, None)


def _fits(wanted: Expected, row: Row) -> bool:
    payload = row.committed["payload"]
    return (
        row.committed["kind"] == wanted.kind
        and isinstance(payload, Mapping)
        and all(payload.get(name) == value for name, value in wanted.payload.items())
    )

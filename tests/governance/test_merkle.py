import base64
import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from governance.ledger import merkle

LEAVES = st.lists(st.binary(max_size=8).map(merkle.leaf_hash), min_size=1, max_size=40)


def test_every_vector_of_the_judge_gets_its_verdict(
    judges: Path, judged: Callable[..., None]
) -> None:
    vectors = sorted((judges / "merkle" / "testdata" / "inclusion").rglob("*.json"))
    wrong = [path.name for path in vectors if not _as_expected(json.loads(path.read_text()))]
    judged("merkle", run=len(vectors))
    assert len(vectors) >= 98
    assert wrong == []


def _as_expected(vector: dict) -> bool:  # type: ignore[type-arg]
    def data(text: str | None) -> bytes:
        return base64.b64decode(text or "")

    accepted = merkle.verify_inclusion(
        data(vector["leafHash"]),
        vector["leafIdx"],
        vector["treeSize"],
        [data(part) for part in vector["proof"] or []],
        data(vector["root"]),
    )
    return accepted is not vector["wantErr"]


@given(LEAVES, st.data())
def test_each_leaf_proves_itself_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = merkle.root(leaves), merkle.inclusion_proof(index, leaves)
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), proof, root)
    other = merkle.leaf_hash(b"something else entirely")
    assert not merkle.verify_inclusion(other, index, len(leaves), proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), [*proof, root], root)


@given(LEAVES)
def test_an_appended_leaf_changes_the_root(leaves: list[bytes]) -> None:
    assert merkle.root([*leaves, merkle.leaf_hash(b"new")]) != merkle.root(leaves)


def test_the_empty_tree_has_the_root_of_the_rfc() -> None:
    assert merkle.root([]).hex().startswith("e3b0c44298fc1c14")

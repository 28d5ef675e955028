"""An embedding index: one vector a record, searched exactly by cosine."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from lineage.records import record_id_in
from unlearning.digests import WEIGHTS_FILE

#: File of an index directory with the record ids, in the order of the vectors.
IDS_FILE = "ids.json"
_TENSOR = "vectors"


class IndexFileError(Exception):
    """The index directory is not usable."""


@dataclass(frozen=True, kw_only=True)
class VectorIndex:
    """Vectors of unit length with the ids of the records they stand for."""

    ids: tuple[str, ...]
    #: Shape ``(n, d)``.
    vectors: NDArray[np.float32]

    @classmethod
    def build(cls, ids: Sequence[str], vectors: NDArray[np.float32]) -> "VectorIndex":
        """Make an index of vectors of any length."""
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = (vectors / np.maximum(norms, np.float32(1e-12))).astype(np.float32)
        return cls(ids=tuple(ids), vectors=unit)

    @classmethod
    def load(cls, directory: Path) -> "VectorIndex":
        """Read an index directory.

        Raises:
            IndexFileError: Ids and vectors do not belong together.
        """
        ids = json.loads((directory / IDS_FILE).read_text(encoding="utf-8"))
        vectors = load_file(directory / WEIGHTS_FILE).get(_TENSOR)
        if vectors is None or len(ids) != len(vectors):
            raise IndexFileError(f"{directory} does not hold one vector an id")
        return cls(ids=tuple(map(record_id_in, ids)), vectors=vectors)

    def save(self, directory: Path) -> None:
        """Write an index directory anew: nothing of an earlier file remains in it."""
        directory.mkdir(parents=True, exist_ok=True)
        save_file({_TENSOR: np.ascontiguousarray(self.vectors)}, directory / WEIGHTS_FILE)
        (directory / IDS_FILE).write_text(json.dumps(list(self.ids)), encoding="utf-8")

    def without(self, record_ids: Collection[str]) -> "VectorIndex":
        """Return the index less some records; no tombstone is left."""
        keep = [position for position, name in enumerate(self.ids) if name not in record_ids]
        return VectorIndex(ids=tuple(self.ids[p] for p in keep), vectors=self.vectors[keep])

    def vector(self, record_id: str) -> NDArray[np.float32]:
        """Return one record's vector, shape ``(d,)``.

        Raises:
            KeyError: The index does not hold the record.
        """
        if record_id not in self.ids:
            raise KeyError(record_id)
        return np.asarray(self.vectors[self.ids.index(record_id)])

    def search(self, query: NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        """Return the ``k`` nearest records with their cosine, nearest first.

        Args:
            query: Shape ``(d,)``.
            k: How many at most.
        """
        scores = self.vectors @ (query / max(float(np.linalg.norm(query)), 1e-12))
        nearest = np.argsort(-scores, kind="stable")[:k]
        return [(self.ids[position], float(scores[position])) for position in nearest]

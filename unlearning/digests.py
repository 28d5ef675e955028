"""Content digests: of weights, of files, of JSON values. All are written ``sha256:<hex>``."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

#: File of a model directory that holds the weights that are served.
WEIGHTS_FILE = "model.safetensors"


def weights_digest(weights: "Path | Mapping[str, Tensor]") -> str:
    """Digest weights by value, whatever file layout or tensor order held them.

    Args:
        weights: A state, a ``.safetensors`` file, or a model directory.

    Returns:
        SHA-256 over the tensors sorted by name: name, dtype, shape and bytes of each.
    """
    state = _read_state(weights) if isinstance(weights, Path) else weights
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.numpy().tobytes())
    return f"sha256:{digest.hexdigest()}"


def merged_digest(digests: "Mapping[str, str]") -> str:
    """Digest the models that a merge brings into one: their own digests, by name."""
    return json_digest(dict(digests))


def _read_state(path: Path) -> "Mapping[str, Tensor]":
    from safetensors.torch import load_file  # noqa: PLC0415 - torch loads only where weights are

    return load_file(path / WEIGHTS_FILE if path.is_dir() else path)


def file_digest(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def json_digest(value: object) -> str:
    """Digest a JSON value in one fixed spelling: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def record_digest(record_id: str) -> str:
    """Digest a record id for a manifest: the first 128 bits of SHA-256, in hex."""
    return hashlib.sha256(record_id.encode()).hexdigest()[:32]

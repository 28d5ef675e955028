"""Which guarantee class is wanted for each kind of artifact, and what an owner may change."""

from lineage.graph import ArtifactKind

#: Recorded on a run or a model: the owner allows an approximate method where it is cheaper.
POLICY_TAG = "vestige.policy"
APPROXIMATE_ALLOWED = "approximate_allowed"
#: Recorded of a synthetic dataset: its owner wants it destroyed, not sampled anew.
DELETE = "delete"

#: The guarantee class wanted for each kind of artifact, unless the owner allows another.
POLICY: dict[ArtifactKind, str] = {
    ArtifactKind.MODEL: "exact",
    ArtifactKind.FINE_TUNE: "exact",
    ArtifactKind.ADAPTER: "exact",
    ArtifactKind.DISTILLED: "exact",
    ArtifactKind.MERGED: "exact",
    ArtifactKind.QUANTIZED: "exact",
    ArtifactKind.REWARD_MODEL: "exact",
    ArtifactKind.SYNTHETIC_DATASET: "exact",
    ArtifactKind.EMBEDDING_INDEX: "storage",
    ArtifactKind.CHECKPOINT: "storage",
    ArtifactKind.CACHE: "storage",
    ArtifactKind.SEGMENT: "storage",
    ArtifactKind.DATASET_VERSION: "storage",
    ArtifactKind.EVALUATION_SET: "storage",
    ArtifactKind.LOG: "storage",
    ArtifactKind.RETRIEVAL_CORPUS: "storage",
    ArtifactKind.PRODUCT: "suppression",
    ArtifactKind.RECIPIENT: "notice",
}

#: An approximate method is planned, and later checked, to take at most this share of a retrain.
APPROXIMATE_SHARE = 0.2

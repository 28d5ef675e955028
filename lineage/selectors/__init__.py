"""Reads of the lineage app: the only place where rows become pure values."""

from lineage.selectors.documents import impact_document
from lineage.selectors.impact import find_gaps, trace_subject
from lineage.selectors.training import DatasetUse, Training, model_location, training_of

__all__ = [
    "DatasetUse",
    "Training",
    "find_gaps",
    "impact_document",
    "model_location",
    "trace_subject",
    "training_of",
]

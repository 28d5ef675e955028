"""Writes of the lineage app."""

from lineage.services.announcing import ask_to_load
from lineage.services.choices import record_choice
from lineage.services.datasets import LoadOrder
from lineage.services.destruction import record_destruction
from lineage.services.duplicates import decide_duplicate
from lineage.services.file_index import build_file_index, drop_file_index
from lineage.services.graph import record_observations
from lineage.services.image import WrittenImage, refresh_image, write_image
from lineage.services.loading import LoadSummary, check_source, load_dataset
from lineage.services.mlflow import CaptureSummary, capture_mlflow
from lineage.services.openlineage import Receipt, receive_event
from lineage.services.reading import attempt_reading, sweep_readings
from lineage.services.record_index import IndexSummary, load_record_index
from lineage.services.redaction import record_redaction
from lineage.services.regeneration import record_regeneration
from lineage.services.rotation import rotate_key
from lineage.services.terms import state_terms

__all__ = [
    "CaptureSummary",
    "IndexSummary",
    "LoadOrder",
    "LoadSummary",
    "Receipt",
    "WrittenImage",
    "ask_to_load",
    "attempt_reading",
    "build_file_index",
    "capture_mlflow",
    "check_source",
    "decide_duplicate",
    "drop_file_index",
    "load_dataset",
    "load_record_index",
    "receive_event",
    "record_choice",
    "record_destruction",
    "record_observations",
    "record_redaction",
    "record_regeneration",
    "refresh_image",
    "rotate_key",
    "state_terms",
    "sweep_readings",
    "write_image",
]

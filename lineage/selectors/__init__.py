"""Reads of the lineage app: the only place where rows become pure values."""

from lineage.selectors.difference import diff_impact, difference_document
from lineage.selectors.documents import impact_document
from lineage.selectors.duplicates import (
    Duplicate,
    count_undecided,
    duplicate_document,
    duplicates_of,
)
from lineage.selectors.exposure import (
    Exposures,
    RunExposure,
    clean_checkpoints,
    exposures,
    first_exposure,
)
from lineage.selectors.gaps import GapQuestion, gap_document, gaps_asked_for, gaps_page
from lineage.selectors.impact import find_gaps, find_gaps_with_artifacts, trace
from lineage.selectors.made_from import made_artifacts_in, made_from
from lineage.selectors.ownership import datasets_with_ids_of_others
from lineage.selectors.permission import allowed_to_train, permission_document
from lineage.selectors.places import Contact, contact_of, locations_of
from lineage.selectors.retention import Kept, Retention, retention
from lineage.selectors.starts import Asked, OneArtifact, OneRecord
from lineage.selectors.synthesis import Synthesis, synthesis_of
from lineage.selectors.training import DatasetUse, Training, model_location, training_of

__all__ = [
    "Asked",
    "Contact",
    "DatasetUse",
    "Duplicate",
    "Exposures",
    "GapQuestion",
    "Kept",
    "OneArtifact",
    "OneRecord",
    "Retention",
    "RunExposure",
    "Synthesis",
    "Training",
    "allowed_to_train",
    "clean_checkpoints",
    "contact_of",
    "count_undecided",
    "datasets_with_ids_of_others",
    "diff_impact",
    "difference_document",
    "duplicate_document",
    "duplicates_of",
    "exposures",
    "find_gaps",
    "find_gaps_with_artifacts",
    "first_exposure",
    "gap_document",
    "gaps_asked_for",
    "gaps_page",
    "impact_document",
    "locations_of",
    "made_artifacts_in",
    "made_from",
    "model_location",
    "permission_document",
    "retention",
    "synthesis_of",
    "trace",
    "training_of",
]

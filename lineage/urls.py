"""The addresses of the lineage app."""

from django.urls import path

from lineage.api import LineageBatchView, LineageView
from lineage.exposure_api import ExposureView
from lineage.gaps_api import GapsView
from lineage.index_api import IndexOfView, IndexView
from lineage.permission_api import AllowedToTrainView, ChoicesView, RetentionView
from lineage.trace_api import TraceDifferenceView, TracePathsView, TraceView

urlpatterns = [
    path("api/v1/lineage", LineageView.as_view(), name="lineage"),
    path("api/v1/lineage/batch", LineageBatchView.as_view(), name="lineage-batch"),
    path("api/v1/lineage/allowed-to-train", AllowedToTrainView.as_view(), name="allowed-to-train"),
    path("api/v1/lineage/choices", ChoicesView.as_view(), name="choices"),
    path("api/v1/lineage/exposure", ExposureView.as_view(), name="exposure"),
    path("api/v1/lineage/gaps", GapsView.as_view(), name="lineage-gaps"),
    path("api/v1/lineage/index", IndexView.as_view(), name="lineage-index"),
    path("api/v1/lineage/index/<int:artifact_id>", IndexOfView.as_view(), name="lineage-index-of"),
    path("api/v1/lineage/retention", RetentionView.as_view(), name="retention"),
    path("api/v1/lineage/trace", TraceView.as_view(), name="trace"),
    path("api/v1/lineage/trace/difference", TraceDifferenceView.as_view(), name="trace-difference"),
    path("api/v1/lineage/trace/paths", TracePathsView.as_view(), name="trace-paths"),
]

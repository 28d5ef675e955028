"""The addresses of the lineage app."""

from django.urls import path

from lineage.api import LineageBatchView, LineageView

urlpatterns = [
    path("api/v1/lineage", LineageView.as_view(), name="lineage"),
    path("api/v1/lineage/batch", LineageBatchView.as_view(), name="lineage-batch"),
]

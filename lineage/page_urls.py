"""Addresses of the lineage pages."""

from django.urls import path

from lineage import pages

urlpatterns = [
    path("lineage/", pages.registry_page, name="artifacts"),
    path("lineage/gaps", pages.gaps_page, name="gaps"),
    path("lineage/<int:artifact_id>/", pages.artifact_page, name="artifact"),
]

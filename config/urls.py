"""Every address of the server: each app names its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("governance.page_urls")),
    path("", include("deletion_requests.page_urls")),
    path("", include("reports.page_urls")),
    path("", include("unlearning.page_urls")),
    path("", include("lineage.page_urls")),
    path("", include("governance.urls")),
    path("", include("lineage.urls")),
    path("", include("deletion_requests.urls")),
    path("", include("reports.urls")),
]

"""Celery shells of the lineage app."""

from celery import shared_task

from lineage import services


@shared_task(name="lineage.tasks.load_record_index")
def load_record_index(artifact_id: int) -> None:
    """Read a dataset that an event announced."""
    services.attempt_reading(dataset_version_id=artifact_id)


@shared_task(name="lineage.tasks.sweep")
def sweep() -> None:
    """Read the datasets whose news was lost, and renew the image that traces start from."""
    services.sweep_readings()
    services.refresh_image()

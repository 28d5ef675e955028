"""Celery shells of the lineage app."""

from celery import shared_task

from lineage import services


@shared_task(name="lineage.tasks.load_record_index")
def load_record_index(artifact_id: int) -> None:
    """Read a dataset that an event announced."""
    services.load_record_index(dataset_version_id=artifact_id)


@shared_task(name="lineage.tasks.capture_mlflow")
def capture_mlflow() -> None:
    """Bring the graph up to date with MLflow."""
    services.capture_mlflow()

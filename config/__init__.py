"""Settings, addresses and the services that Vestige brings along.

The Celery app is loaded with the package, so that ``shared_task`` finds its broker in every
process, the web process included.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]

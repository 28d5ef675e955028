"""The Celery app of the workers: ``celery -A config.celery:app worker``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("vestige")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

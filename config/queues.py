"""The queues of the workers: a job may take hours, everything else seconds.

Each queue has workers of its own, so that no code, letter or sweeper waits behind a training. A
worker that is started without ``-Q`` serves both.
"""

#: Codes, letters, reports, sweepers, and the reading of datasets.
ORDINARY = "celery"
#: The jobs of plans.
JOBS = "jobs"

#: Tasks that do not go to the ordinary queue.
ROUTES = {"unlearning.tasks.run_job": {"queue": JOBS}}

"""Settings, all from the environment; the defaults are the embedded services of this checkout.

Nothing here imports torch or MLflow: the web process never loads them.
"""

import os
import sys
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from kombu import Queue

from config import queues
from config.database import database_from_environment
from config.embedded.paths import (
    BASE_DIR,
    broker_url,
    mlflow_url,
    postgres_home,
    run_dir,
    state_dir,
)
from config.secrets import keys_dir, secret_bytes, secret_text

# Places.
STATE_DIR = state_dir()
EXPORT_DIR = STATE_DIR / "exports"
JOBS_DIR = STATE_DIR / "jobs"
GRAPH_IMAGE = STATE_DIR / "graph-image"
KEYS_DIR = keys_dir()

# Who may speak to this server, and with which secrets.
DEBUG = os.environ.get("VESTIGE_DEBUG", "") == "1"
SECRET_KEY = secret_text("VESTIGE_SECRET_KEY", "django-secret-key")
ALLOWED_HOSTS = os.environ.get("VESTIGE_HOSTS", "127.0.0.1,localhost").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "axes",
    "rest_framework",
    "governance",
    "lineage",
    "unlearning",
    "deletion_requests",
    "reports",
]
AUTH_USER_MODEL = "governance.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/requests/"
LOGOUT_REDIRECT_URL = "/login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "governance/locked.html"
AXES_VERBOSE = False

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "governance.problems.ApiProblemMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.zones.organisation_zone",
    "governance.pages.explain_wrong_method",
    # Must stand last: it turns a lockout raised further in into its answer.
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are served from where they lie: no collecting step between a change and the page.
WHITENOISE_USE_FINDERS = True

# Rows, and the broker that only wakes the workers (docs/decisions/0004).
DATABASES = {"default": database_from_environment()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CELERY_BROKER_URL = broker_url()
# RabbitMQ hands a dead worker's messages back by itself and knows none of these, in seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 120, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = queues.ORDINARY
CELERY_TASK_QUEUES = (Queue(queues.ORDINARY), Queue(queues.JOBS))
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Language, time, and the calendar of the statutory clock.
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
ORGANISATION = os.environ.get("VESTIGE_ORGANISATION", "Example Company")
ORGANISATION_ZONE = os.environ.get("VESTIGE_ZONE", "Europe/Berlin")
HOLIDAY_CALENDAR = os.environ.get("VESTIGE_HOLIDAYS", "DE")

# Vestige's own keys. Older peppers stay readable while postings still name their version.
SUBJECT_PEPPER_VERSION = int(os.environ.get("VESTIGE_SUBJECT_PEPPER_VERSION", "1"))
SUBJECT_PEPPERS: dict[int, bytes] = {
    version: secret_bytes(f"VESTIGE_SUBJECT_PEPPER_{version}", f"subject-pepper-{version}")
    for version in range(
        int(os.environ.get("VESTIGE_SUBJECT_PEPPER_OLDEST", "1")), SUBJECT_PEPPER_VERSION + 1
    )
}
SEALING_KEY = secret_bytes("VESTIGE_SEALING_KEY", "sealing-key")
SIGNING_KEY_FILE = Path(os.environ.get("VESTIGE_SIGNING_KEY_FILE") or KEYS_DIR / "signing-key.pem")
CONTROL_TOKEN = secret_text("VESTIGE_CONTROL_TOKEN", "control-token")

# File indexes of memberships; readable by the owner only, as the database is.
MEMBERSHIP_FOLDER = STATE_DIR / "membership"

# Where deletion requests may change files (docs/decisions/0020). Out of bounds: what this
# installation lives on. In bounds all the same: the demo's company, and what the operator names.
PRIVATE_PLACES = [
    BASE_DIR,
    STATE_DIR,
    SIGNING_KEY_FILE,
    postgres_home(STATE_DIR),
    run_dir(STATE_DIR),
    Path(sys.prefix),
]
DEMO_DATA = [STATE_DIR / "demo" / name for name in ("data", "mirror", "checkpoints")]
DATA_ROOTS = [
    Path(root) for root in os.environ.get("VESTIGE_DATA_ROOTS", "").split(os.pathsep) if root
]

# Machine-learning jobs; MLflow itself is loaded by workers only.
MLFLOW_TRACKING_URI = mlflow_url()
#: After so many days in which MLflow did not show an artifact, that is a gap.
UNSEEN_DAYS = int(os.environ.get("VESTIGE_UNSEEN_DAYS", "30"))
JOB_LEASE_SECONDS = int(os.environ.get("VESTIGE_JOB_LEASE_SECONDS", "30"))
JOB_MAX_ATTEMPTS = 3
#: Replicas on each side with which an approximate method is attacked; 0 leaves it not established.
MEMBERSHIP_REPLICAS = int(os.environ.get("VESTIGE_MEMBERSHIP_REPLICAS", "32"))

# The address under which people outside reach this server: links in mails start with it.
PUBLIC_URL = (
    os.environ.get("VESTIGE_PUBLIC_URL") or os.environ.get("VESTIGE_URL", "http://127.0.0.1:8000")
).rstrip("/")

# Mail: files in the state folder unless a mail server is named.
EMAIL_HOST = os.environ.get("VESTIGE_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("VESTIGE_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("VESTIGE_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("VESTIGE_SMTP_PASSWORD", "")
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 30  # seconds; a silent mail server must not hold a worker
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = STATE_DIR / "mail"
DEFAULT_FROM_EMAIL = os.environ.get("VESTIGE_MAIL_FROM", "privacy@example.com")

# The API: JSON in, JSON out; each view names who may call it.
MAX_BODY_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["governance.parsing.StrictJSONParser"],
    "EXCEPTION_HANDLER": "governance.problems.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# The wire. VESTIGE_INSECURE_HTTP=1 is for a server that only this machine can reach.
INSECURE_HTTP = os.environ.get("VESTIGE_INSECURE_HTTP", "") == "1"
SECURE_SSL_REDIRECT = not INSECURE_HTTP
SESSION_COOKIE_SECURE = not INSECURE_HTTP
CSRF_COOKIE_SECURE = not INSECURE_HTTP
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not INSECURE_HTTP
SECURE_HSTS_PRELOAD = not INSECURE_HTTP
if os.environ.get("VESTIGE_BEHIND_PROXY", "") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 60 * 60  # a working day, in seconds
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("VESTIGE_LOG_LEVEL", "INFO")},
}

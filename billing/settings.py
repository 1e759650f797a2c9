"""All settings, in a fixed order. Every variable has a default or a loud failure (.env.example)."""

from datetime import timedelta
from pathlib import Path

from django.db import models

from billing.database.place import NAME, PORT, USER, Place
from billing.environment import Variables, rate
from billing.networks import networks_from_environment
from billing.secret_key import secret_key
from billing.unfold import UNFOLD as UNFOLD  # the admin's looks

# Lets fields name their types (`models.JSONField[...]`) at run time too. The package that does it
# for all of Django's classes would load feeds and sitemaps into each web worker.
setattr(models.Field, "__class_getitem__", classmethod(lambda field, types: field))  # noqa: B010  # mypy knows no such attribute of it

ROOT = Path(__file__).resolve().parent.parent
env = Variables()
env.read_env(str(ROOT / ".env"))  # Adds what is unset; an empty variable counts as set here.
VERSION = "1.0.0"

# --- Place ---------------------------------------------------------------------------------------
DATA_DIR = Path(env.text("DATA_DIR", str(ROOT / ".data"))).resolve()
DEBUG = env.flag("DEBUG", default=False)
PUBLIC_URL = env.web_url(
    "PUBLIC_URL", f"http://localhost:{env.integer('PORT', 8000, least=1, most=65535)}"
)
ALLOWED_HOSTS = list(env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"]))
# Only these may say in X-Forwarded-For whom they speak for: visitors are limited by address.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
DATABASE_URL = env.service_url("DATABASE_URL", ["postgresql", "postgres"])
REDIS_URL = env.service_url("REDIS_URL", ["redis", "rediss"])
SECRET_KEY = secret_key(env, DATA_DIR, must_be_given=bool(DATABASE_URL))
# Where the audit's heads are written, out of the database's reach; best on another machine's disk.
AUDIT_HEAD_FILE = Path(env.text("AUDIT_HEAD_FILE", str(DATA_DIR / "audit-heads.jsonl"))).resolve()

# --- Database ------------------------------------------------------------------------------------
# Milliseconds. A statement: longer than any page or call needs, short of what a person waits for.
# A lock: less than that, so that the waiting one is told and not the whole queue behind it.
# Idle in a transaction: nothing here pauses inside one, so such a session is stuck and its locks
# must go. Migrations set the first of these aside (management/commands/migrate.py).
DATABASE_LIMITS_MS = {
    "statement_timeout": 30_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 30_000,
}
DATABASES = {
    "default": {
        **(
            env.database(DATABASE_URL)
            if DATABASE_URL
            else {
                "ENGINE": "billing.database.backend",
                "NAME": NAME,
                "USER": USER,
                "HOST": str(Place.under(DATA_DIR).sockets),
                "PORT": PORT,
            }
        ),
        # Reconnecting per request costs eight times the request; a health check a tenth of it.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Plans are kept by the server after the fifth time: 13 % of a create.
            "server_side_binding": True,
            "prepare_threshold": 5,
            "connect_timeout": 5,
            "application_name": "billing",
            "options": " ".join(f"-c {name}={ms}" for name, ms in DATABASE_LIMITS_MS.items()),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Apps ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "events",
    "organizations",
    "webhooks",
    "wallets",
    "chainwatch",
    "approvals",
    "customers",
    "revenue",
    "payouts",
    "checkouts",
    "reconciliation",
    "subscriptions",
    "billing",
]
# What `manage.py demo` tells once, in this order.
DEMONSTRATIONS = (
    "payouts.demonstration.stories.play",
    "checkouts.demonstration.play",
    "subscriptions.demonstration.play",
)
ROOT_URLCONF = "billing.urls"
WSGI_APPLICATION = "billing.wsgi.application"
APPEND_SLASH = False  # The API never redirects.
MIDDLEWARE = [
    # Answers /v1 and the probes itself: what stands below is for pages alone.
    "billing.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "organizations.middleware.PeopleMiddleware",
    "axes.middleware.AxesMiddleware",  # Answers in place of a log-in that was refused.
]

# --- Pages ---------------------------------------------------------------------------------------
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = True  # The hosted pages choose their language; the admin speaks LANGUAGE_CODE.

# --- People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "organizations.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
AUTHENTICATION_BACKENDS = ["organizations.throttling.Door"]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = 5, timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_HANDLER = "organizations.throttling.Counter"
AXES_LOCKOUT_CALLABLE = "organizations.throttling.locked_out"
AXES_USERNAME_CALLABLE = "organizations.throttling.username_of"
AXES_CLIENT_IP_CALLABLE = "organizations.throttling.address_of"
AXES_USERNAME_FORM_FIELD = "username"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]
# Failures wait in its table until a job has told them (organizations.tasks.tell_failed_log_ins).
AXES_ENABLE_ACCESS_FAILURE_LOG, AXES_DISABLE_ACCESS_LOG = True, True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# Served over https (a proxy in front says so): cookies never travel in the clear.
IS_SECURE = PUBLIC_URL.startswith("https://") and not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_ENGINE = "organizations.sessions"  # knows whose a session is, and when it was left alone
SESSION_COOKIE_AGE = 12 * 3600  # a working day, counted from the log-in
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "billing_session", "billing_csrf"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if IS_SECURE else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_SECURE else 0
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
EMAIL_URL = env.service_url("EMAIL_URL", ["consolemail", "smtp", "smtp+tls", "smtp+ssl"])
vars().update(env.email_url_config(EMAIL_URL or "consolemail://"))
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "billing@localhost")

# --- API -----------------------------------------------------------------------------------------
API_RATE_LIMIT = env.parsed("API_RATE_LIMIT", "100/second", rate)
WEBHOOK_ALLOWED_HOSTS = env.hosts("WEBHOOK_ALLOWED_HOSTS")
REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": ["organizations.authentication.ApiKeyAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["billing.api.bodies.ExactJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["billing.api.bodies.ExactJsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "billing.api.bodies.AlwaysJson",
    "EXCEPTION_HANDLER": "billing.api.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "billing.api.openapi.ApiSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Stablecoin payouts and checkouts",
    "DESCRIPTION": "Self-hosted, non-custodial. Amounts are exact JSON numbers, times are UTC.",
    "VERSION": VERSION,
    "LICENSE": {"name": "Apache-2.0"},
    "SCHEMA_PATH_PREFIX": "/v1",
    "ENUM_NAME_OVERRIDES": {
        "Chain": "billing.chains.Chain",
        "Environment": "billing.chains.Environment",
        "ErrorType": "billing.api.schema.ERROR_TYPES",
        "EventType": "events.types.EventType",
        "Token": "billing.chains.Token",
    },
}

# --- Chains --------------------------------------------------------------------------------------
NETWORKS = networks_from_environment(env)
SANDBOX_BLOCK_TIME_S = env.integer("SANDBOX_BLOCK_TIME_S", 1, least=1, most=3600)

# --- Log -----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "billing.api.request_ids.RequestIdFilter"}},
    "formatters": {"line": {"()": "billing.log_lines.LineFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "ERROR"},  # organizations.throttling writes its own lines
        # Refused requests are the callers' affair; they stand in /metrics.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery.worker.strategy": {"level": "WARNING"},  # a line per task received
        "celery.app.trace": {"level": "WARNING"},  # a line per task done; the task writes its own
        "celery.beat": {"level": "WARNING"},
        "celery.worker.consumer.connection": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # that files have no host name
        "kombu.transport.virtual.base": {"level": "WARNING"},  # what it puts back when it ends
    },
}

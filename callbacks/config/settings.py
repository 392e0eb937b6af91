"""Settings, read from the environment; `.env.example` lists every variable.

A `.env` file beside manage.py is read if it exists. What `make run` generates (keys, the addresses
of the embedded servers) is stored under DATA_DIR and read from there, so that `manage.py` in a
second terminal uses the same servers. `callbacks.config.checks` reports mistakes, each with its
remedy.
"""

from callbacks.common import clock
from callbacks.config import broker, deploy_checks, logs, process_settings
from callbacks.config.celery_settings import *  # noqa: F403
from callbacks.config.given import BASE_DIR, DATA_DIR, embedded, env, generated  # noqa: F401
from callbacks.config.guard_settings import *  # noqa: F403
from callbacks.config.process_settings import *  # noqa: F403
from callbacks.config.sign_in_settings import *  # noqa: F403
from callbacks.config.theme import UNFOLD  # noqa: F401
from callbacks.policy.from_settings import in_settings
from callbacks.policy.rules import Policy
from leads import refused_connections

# Before any module imports Django's `now` by name.
clock.install()

DEBUG = env.bool("DEBUG", default=False)
# Without a key, Django refuses to sign anything, and callbacks.config.start refuses to start.
SECRET_KEY = env.text("SECRET_KEY") or generated("secret-key") or ("unset" if DEBUG else "")
# Earlier keys: what was signed or hashed with them is still recognised (leads.never_call).
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.host_patterns("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# --- applications --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "callbacks.config.admin_app.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "leads",
    "callbacks",
    "callbacks.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "callbacks.config.page_headers.PageHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "callbacks.config.page_language.PageLanguageMiddleware",
    "callbacks.config.request_log.RequestLogMiddleware",
    "callbacks.config.bodies.BodyMiddleware",
    "callbacks.config.csp.PolicyByPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "callbacks.config.form_limits.FewFieldsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "callbacks.signin.middleware.SignInMiddleware",
    "callbacks.audit.acting.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "callbacks.signin.known_browsers.KnownBrowserMiddleware",
    "axes.middleware.AxesMiddleware",
]

CSRF_FAILURE_VIEW = "leads.error_pages.form_refused"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

ROOT_URLCONF = "callbacks.config.urls"
WSGI_APPLICATION = "callbacks.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "callbacks.admin.notices.for_staff",
            ],
        },
    },
]

# This site's address, for links in what is sent.
SITE_URL = env.text("SITE_URL")

# --- database and broker -------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL", default=embedded.database_url if embedded else "")
REDIS_URL = env.text("REDIS_URL", default=embedded.redis_url if embedded else "")

_database = env.database(DATABASE_URL)
TIME_ZONE = env.time_zone("TIME_ZONE", default="Asia/Jerusalem")
# What every connection asks PostgreSQL for; each process warns at its start of what it did not get.
DATABASE_SESSION = {
    # By default PostgreSQL waits for a lock forever: one stuck session would stop all workers.
    "lock_timeout": "30s",
    # The claim's statements are planned once per connection: planning them again takes longer than
    # running them.
    "plan_cache_mode": "force_generic_plan",
    # Queries start no parallel workers: a search of ten million leads, which uses the index 600
    # times, started two each time, and calls need the processors more.
    "max_parallel_workers_per_gather": "0",
    # Rows that are read together were written together, so an index is cheap. A month's report then
    # reads only the calls and advertisements of its leads; by default it reads those of all years.
    "random_page_cost": "1.1",
    "work_mem": "32MB",
    # For callbacks/routing/limits.sql: the day of teams that are open round the clock.
    "callbacks.time_zone": TIME_ZONE,
    # PostgreSQL's log must not contain what visitors typed (docs/deploy.md).
    "log_parameter_max_length_on_error": "0",
}
DATABASES = {
    "default": {
        **_database,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            # Seconds; the last one milliseconds. A server that vanished is noticed after half a
            # minute instead of the kernel's hours.
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "options": " ".join(f"-c {name}={value}" for name, value in DATABASE_SESSION.items()),
            "pool": {
                "min_size": 1,
                "max_size": process_settings.DATABASE_POOL_SIZE,
                "timeout": 3,
                # Seconds for which the pool retries by itself, less and less often, before it waits
                # for somebody to ask for a connection. With its default, five minutes, a database
                # that was down for some minutes would not be tried for two more.
                "reconnect_timeout": 5,
                # The pool itself does not say why it gets no connection.
                "connection_class": refused_connections.Remembering,
            },
            # Options in the address (?sslmode=verify-full) take precedence.
            **_database.get("OPTIONS", {}),
        },
    }
}

# --- the provider's timeouts, on which the worker's depend ----------------------------------------

VOICENTER_CONNECT_TIMEOUT = env.float("VOICENTER_CONNECT_TIMEOUT", default=3.0)
VOICENTER_TIMEOUT = env.float("VOICENTER_TIMEOUT", default=15.0)

# --- Celery: only the wake-up; PostgreSQL is the truth --------------------------------------------

# Redis, or RabbitMQ: amqp://user:password@host:5672/vhost. Other settings need no change.
BROKER_URL = env.text("BROKER_URL", default=REDIS_URL)
CELERY_BROKER_URL = broker.usable(BROKER_URL)
# Longer than the worker's blocking read of 1 s, or an idle worker would reconnect all the time.
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, seconds=5)
CELERY_BROKER_CONNECTION_TIMEOUT = 3
# For each answer that callbacks.common.task_publisher waits for: its callers must not wait long.
PUBLISH_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, seconds=0.2)
CELERY_WORKER_CONCURRENCY = process_settings.WORKER_THREADS
# Applies only to a pool of processes, should somebody choose one; longer than the limits above.
# There is no soft limit: its exception could come between a dial and its record.
CELERY_TASK_TIME_LIMIT = VOICENTER_CONNECT_TIMEOUT + VOICENTER_TIMEOUT + 60
# SIGTERM waits for running dials, however long they take; SIGQUIT waits this long.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = VOICENTER_CONNECT_TIMEOUT + VOICENTER_TIMEOUT + 2
SWEEP_EVERY = env.float("SWEEP_EVERY", default=5.0)
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "callbacks.sweep",
        "schedule": SWEEP_EVERY,
        # A sweep that could not run in time adds nothing to the next one.
        "options": {"expires": SWEEP_EVERY},
    },
    "send_reports": {
        "task": "callbacks.send_reports",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "forget_old_mail": {"task": "callbacks.forget_old_mail", "schedule": 3600.0},
    "forget_old_sign_ins": {"task": "callbacks.forget_old_sign_ins", "schedule": 3600.0},
    "forget_old_alerts": {"task": "callbacks.forget_old_alerts", "schedule": 3600.0},
    "forget_old_audit": {"task": "callbacks.forget_old_audit", "schedule": 3600.0},
}

# --- the provider --------------------------------------------------------------------------------

VOICENTER_URL = env.text(
    "VOICENTER_URL", default="https://api.voicenter.co.il/ForwardDialer/click2call.aspx"
)
# The admin plays recordings from these hosts; recordings on other hosts are links.
RECORDING_HOSTS = env.hosts("RECORDING_HOSTS")
VOICENTER_CODE = env.text("VOICENTER_CODE")
VOICENTER_METHOD = env.text("VOICENTER_METHOD", default="post")
VOICENTER_FORMAT = env.text("VOICENTER_FORMAT", default="json")
# Seconds. Their sum limits how long a call can hold an extension if no record of it arrives.
VOICENTER_PHONE_MAX_DIAL_TIME = env.int("VOICENTER_PHONE_MAX_DIAL_TIME", default=30)
VOICENTER_TARGET_MAX_DIAL_TIME = env.int("VOICENTER_TARGET_MAX_DIAL_TIME", default=60)
VOICENTER_MAX_DURATION = env.int("VOICENTER_MAX_DURATION", default=7200)
# Seconds after the end of a call until the Call Log certainly has it.
VOICENTER_LOG_DELAY = env.float("VOICENTER_LOG_DELAY", default=300.0)
VOICENTER_RECORD = env.bool("VOICENTER_RECORD", default=False)
VOICENTER_TARGET_CALLER_ID = env.text("VOICENTER_TARGET_CALLER_ID")
# Seconds between requests for the active calls, while leads are due; 0: never requested.
PRESENCE_EVERY = env.float("PRESENCE_EVERY", default=5.0)
# The secret part of the address that the provider posts call records to.
CDR_SECRET = env.text("CDR_SECRET", default=generated("cdr-secret"))
# The previous secret, until the provider posts to the new address.
CDR_SECRET_PREVIOUS = env.text("CDR_SECRET_PREVIOUS")
# Networks from which posts are accepted; empty: all.
VOICENTER_ADDRESSES = env.networks("VOICENTER_ADDRESSES")

# --- outgoing mail --------------------------------------------------------------------------------

# The whole address, with its password, is no setting: Django's settings have its parts.
_mail = env.mail_server("EMAIL_URL")
# Without a server, mail is stored, and sending it fails with a sentence that says so.
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "callbacks.mailing.backends.NoServer")
EMAIL_HOST = _mail.get("EMAIL_HOST", "")
EMAIL_PORT = _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
# Seconds for each of the server's answers; callbacks.mailing.backends limits all of them together.
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=10.0)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")
MAIL_KEPT_DAYS = env.int("MAIL_KEPT_DAYS", default=30)

# --- what the engineer sees -----------------------------------------------------------------------

# Opens /metrics and the details of /readyz. Without a token, at most this machine can open them.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# Days. The audit outlives the leads; its first year is never deleted.
AUDIT_KEPT_DAYS = env.int("AUDIT_KEPT_DAYS", default=1095)
# Seconds that a due lead may wait before /readyz reports it.
READY_OLDEST_DUE = env.float("READY_OLDEST_DUE", default=900.0)

# Whether alerts may be posted to this machine, and without TLS: for trying out, not for production.
WEBHOOKS_TO_LOOPBACK = env.bool("WEBHOOKS_TO_LOOPBACK", default=False)

# --- when a lead is called again ------------------------------------------------------------------

# Rules, hard bounds and these defaults: callbacks.policy.rules.
_POLICY = Policy()
# Seconds to wait after each unanswered call; "opening": until a team opens again.
RETRY_AFTER_NO_ANSWER = env.words(
    "RETRY_AFTER_NO_ANSWER", default=in_settings(_POLICY.after_no_answer)
)
# Seconds to wait after each failure of the provider; the last one repeats.
RETRY_AFTER_ERROR = env.words("RETRY_AFTER_ERROR", default=in_settings(_POLICY.after_error))
# Seconds to wait after each call that found the line busy; never longer than after no answer.
RETRY_AFTER_BUSY = env.words("RETRY_AFTER_BUSY", default=in_settings(_POLICY.after_busy))
# Seconds that a lead and a salesperson must have talked to count as reached; a source may differ.
LEAST_TALK = env.int("LEAST_TALK", default=5)
CALL_GAP = env.float("CALL_GAP", default=_POLICY.gap.total_seconds())
CALLS_A_DAY = env.int("CALLS_A_DAY", default=_POLICY.calls_a_day)
# Defaults of new sources and teams, which each can change. 0 calls or hours "off": no limit.
NEW_CALLING_HOURS = env.hours("NEW_CALLING_HOURS", default="08:00-21:00")
NEW_CALLS_A_DAY = env.int("NEW_CALLS_A_DAY", default=3)
OFFLINE_COOLDOWN = env.float("OFFLINE_COOLDOWN", default=_POLICY.offline_for.total_seconds())
MISSED_COOLDOWN = env.float("MISSED_COOLDOWN", default=_POLICY.missed_for.total_seconds())
MISSED_IN_A_ROW = env.int("MISSED_IN_A_ROW", default=_POLICY.missed_in_a_row)
MISSED_PAUSE = env.float("MISSED_PAUSE", default=_POLICY.missed_pause.total_seconds())
UNREACHED_COOLDOWN = env.float("UNREACHED_COOLDOWN", default=_POLICY.unreached_for.total_seconds())

# --- what a visitor sees --------------------------------------------------------------------------

# Days for which a request's page is shown after the request was closed (leads.expiry).
STATUS_PAGE_DAYS = env.int("STATUS_PAGE_DAYS", default=30)

LANGUAGE_CODE = "en"
# The languages of visitors' pages, the desk and wallboards (docs/languages.md).
LANGUAGES = [("en", "English"), ("he", "Hebrew"), ("ar", "Arabic"), ("ru", "Russian")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# If `collectstatic` has run (in the image), files are served from there under hashed names; in a
# working copy, straight from their sources.
WHITENOISE_ALLOW_ALL_ORIGINS = False  # the files are for our own pages
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "callbacks.config.static.Storage"},
}

# --- security -------------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
HSTS_SECONDS = env.int("HSTS_SECONDS", default=3600)
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False) and HTTPS
# Browsers' preload lists cover whole domains and are slow to remove one, so we do not ask for it.
SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = [*deploy_checks.SILENCED]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# The proxies that are trusted to report a visitor's address (leads.guard.address).
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
# __Host-: a browser accepts these cookies only over TLS, and only from this very host.
_HOST = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST}sessionid", f"{_HOST}csrftoken"
KNOWN_BROWSER_COOKIE_NAME = f"{_HOST}known_browser"
# Programs call these, often over plain HTTP inside a network.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$", r"^webhooks/"]
X_FRAME_OPTIONS = "DENY"
# The largest body at any URL (callbacks.config.bodies). Uploaded files are never written to disk.
LARGEST_BODY = FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# For the admin, where a team's page has five fields for each of its sources. Other forms may have
# few (callbacks.config.form_limits).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # if /admin/login/ is opened directly; the desk has its own

# --- signing in -----------------------------------------------------------------------------------

# Who needs a second factor: members of these groups, and superusers if any group is named.
SECOND_FACTOR_GROUPS = env.names(
    "SECOND_FACTOR_GROUPS", default="off" if DEBUG else "Owners, Sales managers, Integrators"
)
# Encrypt the keys of authenticator apps: the first encrypts, and each decrypts.
SIGN_IN_KEYS = env.words("SIGN_IN_KEYS", default=[]) or list(
    filter(None, [SECRET_KEY, *SECRET_KEY_FALLBACKS])
)
# Hours until an unused session ends, and until any session ends.
SESSION_IDLE = env.float("SESSION_IDLE", default=72.0)
SESSION_LONGEST = env.float("SESSION_LONGEST", default=336.0)
# The same for people who may spend money, erase leads or give rights.
DEAR_SESSION_IDLE = env.float("DEAR_SESSION_IDLE", default=2.0)
DEAR_SESSION_LONGEST = env.float("DEAR_SESSION_LONGEST", default=12.0)
SESSION_COOKIE_AGE = round(SESSION_LONGEST * 3600)

# Single sign-on: off without an issuer (callbacks.signin.single).
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_NAME = env.text("OIDC_NAME", default="single sign-on")
OIDC_OP_AUTHORIZATION_ENDPOINT = env.text("OIDC_AUTHORIZATION_URL")
OIDC_OP_TOKEN_ENDPOINT = env.text("OIDC_TOKEN_URL")
OIDC_OP_USER_ENDPOINT = env.text("OIDC_USERINFO_URL")
OIDC_OP_JWKS_ENDPOINT = env.text("OIDC_KEYS_URL")
OIDC_RP_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_RP_SCOPES = env.text("OIDC_SCOPES", default="openid email")
OIDC_DOMAINS = env.hosts("OIDC_DOMAINS")
OIDC_CREATE_USER = env.bool("OIDC_CREATE_USERS", default=False)
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", default="groups")
OIDC_GROUPS = env.pairs("OIDC_GROUPS")
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS.append("callbacks.signin.single.Backend")

# --- logging: ids and reasons only, never a name, a number or a secret ----------------------------

logs.hide(VOICENTER_CODE, CDR_SECRET, CDR_SECRET_PREVIOUS, SECRET_KEY, *SECRET_KEY_FALLBACKS)
logs.hide(METRICS_TOKEN, EMAIL_HOST_PASSWORD, OIDC_RP_CLIENT_SECRET, *SIGN_IN_KEYS)
LOGGING = logs.configuration(process_settings.LOG_FORMAT, process_settings.LOG_LEVEL)
DEFAULT_EXCEPTION_REPORTER_FILTER = "callbacks.config.debug_page.Discreet"

# For callbacks.config.checks: what could not be read, and names in .env that no setting has.
UNREADABLE, NOT_READ, MISSPELT = env.mistakes, env.not_read, env.misspelt()

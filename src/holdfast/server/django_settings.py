"""Django's settings, made of the options (`options.py`). One deployment serves one workspace."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF, UNSAFE_INLINE

from holdfast.errors import SettingsError
from holdfast.server.options import number, option, switch
from holdfast.server.people.access import roles
from holdfast.server.people.mailing import backend
from holdfast.server.people.signing_on import sign_on
from holdfast.server.place import secret_key, server_folder

HERE = Path(__file__).parent


def _spread(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def postgresql(url: str) -> dict[str, Any]:
    """Django's database of a DATABASE_URL. SettingsError when it is none of PostgreSQL's."""
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise SettingsError("DATABASE_URL is no address of a PostgreSQL", "write it as postgres://user:password@host/name")
    told: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    told.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
    return told


# ---------------------------------------------------------------------------------------------------------------- where
SECRET_KEY = secret_key()
DEBUG = False
SITE_URL = (option("URL") or f"http://{option('HOST')}:{number('PORT')}").rstrip("/")
ALLOWED_HOSTS = [
    *{urlsplit(SITE_URL).hostname or "localhost", "localhost", "127.0.0.1", "[::1]"},
    *(name.strip() for name in option("ALLOWED_HOSTS").split(",") if name.strip()),
]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "holdfast.server.urls"
ASGI_APPLICATION = "holdfast.server.asgi.application"

# ------------------------------------------------------------------------------------------------------------- database
_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": server_folder() / "holdfast.sqlite",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA secure_delete=ON",
    },
}
DATABASES = {"default": postgresql(option("DATABASE_URL")) if option("DATABASE_URL") else _SQLITE}

# ----------------------------------------------------------------------------------------------------------------- rooms
INSTALLED_APPS = [
    "holdfast.server.people",
    "holdfast.server.intake",
    "holdfast.server.sources",
    "holdfast.server.customers",
    "holdfast.server.insights",
    "holdfast.server.keeping",
    "holdfast.server.today",
    "holdfast.server.look",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "holdfast.server.people.safety.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "holdfast.server.people.safety.Presence",
    "holdfast.server.people.safety.DefaultDeny",
    "holdfast.server.people.safety.SecondFactor",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "look" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "holdfast.server.look.frame.frame",
            ],
        },
    }
]

# ---------------------------------------------------------------------------------------------------------------- people
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}}]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "holdfast.server.people.adapters.Accounts"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
# Ten failures a minute from one address, or five in a quarter of an hour for one account, and it is locked that long.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/15m/key", "login": "30/m/ip", "reset_password": "20/m/ip,5/m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if switch("BEHIND_PROXY") else 0
MFA_ADAPTER = "holdfast.server.people.second_factors.SecondFactors"
MFA_FORMS = {
    "authenticate": "holdfast.server.people.codes.AuthenticateOnce",
    "reauthenticate": "holdfast.server.people.codes.ReauthenticateOnce",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Holdfast"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_URL.startswith("https://")
SECOND_FACTOR_FOR = roles(option("SECOND_FACTOR_FOR"))
USERSESSIONS_ADAPTER = "holdfast.server.people.sessions.Sessions"
USERSESSIONS_TRACK_ACTIVITY = False
SOCIALACCOUNT_ADAPTER = "holdfast.server.people.adapters.SignOn"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SIGN_ON = sign_on(option("SIGN_ON"))
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": SIGN_ON.apps, "OAUTH_PKCE_ENABLED": True}} if SIGN_ON else {}

# ---------------------------------------------------------------------------------------------------------------- safety
_SECURE = SITE_URL.startswith("https://")
if switch("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = number("SESSION_DAYS") * 86_400
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # Bars, heat maps and Plotly write their widths and colours as style attributes.
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *([SIGN_ON.origin] if SIGN_ON else [])],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # fifty refused rows, put right in the page, of up to 400 columns
FILE_UPLOAD_TEMP_DIR = server_folder("uploads")

# ------------------------------------------------------------------------------------------------------- files and words
STATIC_URL = "/static/"
STATICFILES_DIRS = [
    ("report", _spread("holdfast.report") / "look"),
    ("plotly", _spread("plotly") / "package_data"),
]
WHITENOISE_USE_FINDERS = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [HERE / "locale"]

# ---------------------------------------------------------------------------------------------------------- mail and logs
DEFAULT_FROM_EMAIL = SERVER_EMAIL = option("EMAIL_FROM")
globals().update(backend(option("EMAIL_URL")))
# In the database, so that a lock-out holds in every process and after a restart.
# Django would throw a third away beyond 300 entries, lock-outs among them; what is over goes each hour (people.jobs).
CACHES = {
    "default": {
        "BACKEND": "holdfast.server.people.kept.Kept",
        "LOCATION": "kept_for_a_while",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

"""The fixed sign-in settings: which passwords are refused, and when an account is locked."""

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "callbacks.signin.passwords.LongestValidator"},
    {"NAME": "callbacks.signin.passwords.DisguisedValidator"},
]

# No cookie contains data about a person, and no script can read the session or CSRF cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

PASSWORD_RESET_TIMEOUT = 3600  # seconds for which a link in a mail is valid

# The library's code flow with state, nonce and PKCE; tokens are signed with the provider's key.
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_USE_NONCE = OIDC_USE_PKCE = True
OIDC_TIMEOUT = 5  # seconds
OIDC_AUTHENTICATION_CALLBACK_URL = "sign-in:oidc-callback"

AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "callbacks.signin.known_browsers.address"
AXES_USERNAME_CALLABLE = "callbacks.signin.known_browsers.name"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_LOCKOUT_TEMPLATE = "429.html"

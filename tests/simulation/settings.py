"""The site's settings, with short patience (nobody wants to wait a year), a mailbox and a log that can be read."""

from newsroom.settings import *  # noqa: F403
from newsroom.settings import LOGGING, VAR_DIR

# As in production: nothing is noted down for a debug page, and no static file is looked for.
DEBUG = WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = False
EMAIL_BACKEND = "tests.simulation.mailbox.Mailbox"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Silence that is waited out is cut off after three quarters of it: no machine is so busy that an answer takes as long.
STRIPE_TIMEOUT_SECONDS = 4
# Stripe being away is no news here; what raises is, and `stage.log` shows it.
LOGGING |= {
    "handlers": {"file": {"class": "logging.FileHandler", "filename": VAR_DIR / "log", "formatter": "line"}},
    "root": {"handlers": ["file"], "level": "ERROR"},
    "loggers": {"django": {"handlers": []}},
}

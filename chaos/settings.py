"""The site's settings as production has them where it matters when things break; with less patience, to be quick."""

import os

from newsroom.settings import *  # noqa: F403
from newsroom.settings import CACHES, LOGGING, VAR_DIR

DEBUG = WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = False
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("newsroom.dev.")]  # noqa: F405
_IN_THE_DATABASE = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "newsroom_cache"}
CACHES = {name: one if "edge.redis_cache" in str(one["BACKEND"]) else _IN_THE_DATABASE for name, one in CACHES.items()}
EMAIL_BACKEND = os.environ.get("CHAOS_MAIL", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("CHAOS_SMTP_PORT", "25"))
EMAIL_TIMEOUT = 3
STRIPE_TIMEOUT_SECONDS, STRIPE_BUDGET_SECONDS = 2, 5
MEDIA_ROOT = os.environ.get("CHAOS_MEDIA", str(VAR_DIR / "media"))
LOGGING |= {
    "handlers": {"file": {"class": "logging.FileHandler", "filename": VAR_DIR / "log", "formatter": "line"}},
    "root": {"handlers": ["file"], "level": "ERROR"},
    "loggers": {"django": {"handlers": []}},
}

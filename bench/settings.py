"""The site's settings as production has them where it matters for speed."""

import os

from newsroom.settings import *  # noqa: F403

DEBUG = False
if "BENCH_SMTP_PORT" in os.environ:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = "127.0.0.1", int(os.environ["BENCH_SMTP_PORT"]), 10

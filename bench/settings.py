"""The site's settings as production has them where it matters for speed."""

from newsroom.settings import *  # noqa: F403

DEBUG = False

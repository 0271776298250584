"""The WSGI application that the server runs: ready pages first, Django behind them, and what goes out is counted."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django_application = get_wsgi_application()

from articles.counting import Counted  # noqa: E402 - reads the settings
from page_cache.front_door import PageCache  # noqa: E402

application = Counted(PageCache(django_application))

"""The WSGI application that the server runs: ready pages first, Django behind them."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django_application = get_wsgi_application()

from page_cache.front_door import PageCache  # noqa: E402 - reads the settings

application = PageCache(django_application)

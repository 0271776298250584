from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class PageCacheConfig(AppConfig):
    name = "page_cache"
    verbose_name = "Ready pages"

    def ready(self) -> None:
        # After the last app that migrates: SQLite forgets a table's triggers when it rebuilds the table.
        post_migrate.connect(_watch)


def _watch(using: str, **facts: Any) -> None:
    from . import triggers

    triggers.install(connections[using])

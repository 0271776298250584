from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate

# The last table that the index looks at; while it is missing there is nothing to search in.
SEARCHED = "articles_article_topics"


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = "The news"

    def ready(self) -> None:
        pre_migrate.connect(_make_way_for_changes, sender=self)
        post_migrate.connect(_see_to_the_index, sender=self)


def _make_way_for_changes(plan: list[Any], **facts: Any) -> None:
    from .search.engine import engine

    if plan:
        engine().uninstall()


def _see_to_the_index(**facts: Any) -> None:
    from .search import engine

    if SEARCHED in connection.introspection.table_names():
        engine.install()

"""The site itself, as Django knows it."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as all_apps
from django.conf import settings
from django.db.models.signals import post_migrate


class NewsroomConfig(AppConfig):
    """The site itself."""

    name = "newsroom"
    verbose_name = "The site and its machines"

    def ready(self) -> None:
        from . import autocomplete, brand, sign_in_failures  # noqa: F401 - brand registers its check
        from .audit import signs

        autocomplete.install()
        signs.listen()
        sign_in_failures.listen()
        if settings.SENTRY_DSN:
            from . import error_reports

            error_reports.begin(settings.SENTRY_DSN, release=settings.RELEASE)
        post_migrate.connect(_begin, sender=self, dispatch_uid="newsroom.begin")


def _begin(using: str, apps: Any = all_apps, **about: Any) -> None:
    """A database that has its tables, also after it was emptied, has its first pages and holds what staff did."""
    from . import first_pages
    from .audit import held

    try:
        apps.get_model("newsroom", "PageVersion")
    except LookupError:
        return
    first_pages.bring_in(apps.get_model, using=using)
    held.hold(using=using)

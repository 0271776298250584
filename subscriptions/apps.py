from typing import Any

from django.apps import AppConfig
from django.apps import apps as all_apps
from django.db.models.signals import post_migrate


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Subscriptions"

    def ready(self) -> None:
        post_migrate.connect(_begin, sender=self, dispatch_uid="subscriptions.begin")


def _begin(using: str, apps: Any = all_apps, **about: Any) -> None:
    """A database that has its tables, also after it was emptied, has its first terms and holds to what was agreed."""
    from . import append_only, first_terms

    try:
        apps.get_model("subscriptions", "TermsVersion")
    except LookupError:
        return
    first_terms.bring_in(apps.get_model, using=using)
    append_only.hold(using=using)

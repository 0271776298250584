from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GroupsConfig(AppConfig):
    name = "groups"
    verbose_name = "Groups"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in

        from . import arrivals
        from .sign_on_adapter import shorten_session

        post_migrate.connect(_begin, sender=self, dispatch_uid="groups.begin")
        user_logged_in.connect(shorten_session, dispatch_uid="groups.shorten_session")
        user_logged_in.connect(arrivals.note, dispatch_uid="groups.arrivals")


def _begin(using: str, **about: Any) -> None:
    """A database that has its tables holds to what was noted of agreements."""
    from . import history

    history.hold(using=using)

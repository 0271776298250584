"""What happened to an agreement: who, when, what. Nothing here is ever altered."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData

from .group_account import GroupAccount


class GroupEvent(models.Model):
    """One thing that somebody did, or that happened by rule."""

    personal_data = PersonalData(
        what=_("What was done in agreements with organisations"),
        purpose=_("To know who decided what, and when."),
        basis=Basis.INTEREST,
        colleagues=("actor",),
        on_deletion=Keep(why=_("It is about an organisation, and proves what was decided.")),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="events")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Staff or a manager. Empty: by rule.",
    )
    verb = models.CharField(max_length=60, help_text="In the past, as staff would say it: “lowered the seats”.")
    at = models.DateTimeField()
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["group", "-at"])]
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.group}: {self.verb}"

    @classmethod
    def note(cls, group: GroupAccount, actor: Any, verb: str, *, at: datetime, **facts: Any) -> "GroupEvent":
        """Write down what was done. `actor` is a user, or None where a rule did it.

        Facts name no reader by address: say how many, or the number of a row.
        """
        return cls.objects.create(group=group, actor=actor, verb=verb, at=at, facts=facts)

"""What staff did: written down as it happens, and never altered (newsroom/audit/)."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, Keep, PersonalData, Persons, Rule, days

AUDIT = Rule(
    days("KEEP_AUDIT_DAYS"),
    "at",
    since=_("after it was done"),
    why=_("Later nobody asks any more who it was."),
)


class StaffAct(models.Model):
    """One thing that somebody on the staff did to one thing, or tried to.

    The database refuses to change a row, and to delete one that is younger than a year (newsroom/audit/held.py).
    """

    personal_data = PersonalData(
        what=_("What staff did, and from where"),
        purpose=_("To find out who did what when money, rights or readers' data are concerned."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("actor",),
        on_deletion=Keep(why=_("It names staff only by the number of their account.")),
        retention=(AUDIT,),
    )

    class Kind(models.TextChoices):
        """What kind of act it was."""

        SIGNED_IN = "signed_in", "signed in"
        SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
        SIGNED_OUT = "signed_out", "signed out"
        PROOF_CHANGED = "proof_changed", "changed a password or second factor"
        ADDED = "added", "added"
        CHANGED = "changed", "changed"
        DELETED = "deleted", "deleted"
        ASKED = "asked", "asked for, and changed no row"
        LOOKED = "looked", "looked at a person"
        DOWNLOADED = "downloaded", "downloaded"
        REFUSED = "refused", "was refused"
        SEEING = "seeing", "began to see as a reader"
        SEEN = "seen", "stopped seeing as a reader"

    at = models.DateTimeField("when", db_index=True)
    # By number alone: the row must stay as it is whatever becomes of the account.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="who",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    kind = models.CharField(max_length=20, choices=Kind)
    through = models.CharField(max_length=200, blank=True, help_text="The page or button, by its name in the code.")
    model = models.CharField("kind of row", max_length=80, blank=True)
    object_id = models.CharField("number of the row", max_length=64, blank=True)
    count = models.PositiveIntegerField("rows", default=1)
    changes = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text="Field by field: before and after. Of what is personal or secret only the name of the field.",
    )
    request_id = models.CharField("request", max_length=12, blank=True)
    network = models.CharField(max_length=50, blank=True, help_text="From where, shortened to a /24 or a /48.")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "act of staff"
        verbose_name_plural = "acts of staff"
        default_permissions = ("view",)
        permissions = [("see_as_reader", "Can see the site as a reader sees it")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["actor", "-id"], name="staff_act_by_actor"),
            models.Index(fields=["model", "object_id"], name="staff_act_by_row"),
            models.Index(fields=["kind", "-id"], name="staff_act_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.model} {self.object_id}".strip()


class LookedAs(models.Model):
    """Somebody on the staff saw the site as one reader sees it: who, when, and until when (newsroom/seeing.py)."""

    personal_data = PersonalData(
        what=_("When our staff looked at the site through your account"),
        purpose=_("To help you with what you see, and to tell you that we looked."),
        basis=Basis.INTEREST,
        whose="reader",
        colleagues=("by",),
        on_deletion=ERASE,
        retention=(
            Rule(
                days("KEEP_AUDIT_DAYS"),
                "began_at",
                since=_("after it was done"),
                why=_("Later nobody asks any more who it was."),
            ),
        ),
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="looked_at_by_staff")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "look at the site as a reader"
        verbose_name_plural = "looks at the site as a reader"
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("began_at")), name="a_look_ends_after_it_began"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by_id} as {self.reader_id}"

    def end(self, *, at: datetime) -> bool:
        """It is over. True for the one call that ended it."""
        return type(self).objects.filter(pk=self.pk, ended_at=None).update(ended_at=at) == 1

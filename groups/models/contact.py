"""Whom we write to at an organisation."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData

from .group_account import GroupAccount


class Contact(models.Model):
    """One person of an organisation, with or without an account here."""

    personal_data = PersonalData(
        what=_("Contact persons of organisations"),
        purpose=_("To send quotes, invoices and reminders to the right person."),
        basis=Basis.CONTRACT,
        address="email",
        on_deletion=ERASE,
    )

    class Role(models.TextChoices):
        SIGNATORY = "signatory", "Signs agreements"
        BILLING = "billing", "Receives invoices"
        TECHNICAL = "technical", "Networks and single sign-on"
        OTHER = "other", "Other"

    group = models.ForeignKey(GroupAccount, on_delete=models.CASCADE, related_name="contacts")
    role = models.CharField(max_length=12, choices=Role.choices)
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField("e-mail address")
    phone = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["role", "email"]
        verbose_name = "contact person"
        constraints = [models.UniqueConstraint(fields=["group", "role", "email"], name="one_contact_per_role")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

"""Why readers leave, in their own choice of words, without saying who."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Farewell(models.Model):
    """The answer to the optional question on the cancel page. Nobody's name is on it."""

    personal_data = None

    class Reason(models.TextChoices):
        PRICE = "price", _("It costs too much")
        TIME = "time", _("I do not read it often enough")
        COVERAGE = "coverage", _("I did not find the coverage I wanted")
        SHORT = "short", _("I only needed it for a short time")

    reason = models.CharField(max_length=10, choices=Reason.choices)
    in_trial = models.BooleanField()
    said_on = models.DateField()

    class Meta:
        ordering = ["-said_on", "-pk"]

    def __str__(self) -> str:
        return self.get_reason_display()

"""What a reader chooses on the way to paying and in the account."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Farewell, Plan


class ChoiceOfPlan(forms.Form):
    """Which plan, and where to go back to afterwards."""

    plan = forms.ModelChoiceField(
        Plan.objects.on_sale(),
        to_field_name="interval",
        error_messages={"invalid_choice": _("This plan is not on sale."), "required": _("Please choose a plan.")},
    )
    next = forms.CharField(required=False)


class WhyCancelled(forms.Form):
    """The optional question on the cancel page."""

    why = forms.ChoiceField(required=False, choices=Farewell.Reason.choices)

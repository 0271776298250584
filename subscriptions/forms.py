"""What a reader chooses on the way to paying and in the account."""

from django import forms

from .models import Plan


class ChoiceOfPlan(forms.Form):
    """Which plan, and where to go back to afterwards."""

    plan = forms.ModelChoiceField(
        Plan.objects.on_sale(),
        to_field_name="interval",
        error_messages={"invalid_choice": "This plan is not on sale.", "required": "Please choose a plan."},
    )
    next = forms.CharField(required=False, max_length=500)


class WhyCancelled(forms.Form):
    """The optional question on the cancel page."""

    why = forms.ChoiceField(
        required=False,
        choices=[
            ("price", "It costs too much"),
            ("time", "I do not read it often enough"),
            ("coverage", "I did not find the coverage I wanted"),
            ("short", "I only needed it for a short time"),
        ],
    )

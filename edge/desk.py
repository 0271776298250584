"""What every page of the admin shares: how a moment is typed, and how a mirror is shown."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

MOMENT_HELP = "Brussels time."


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a day and a time; read as Brussels time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


# For ModelAdmin.formfield_overrides.
MOMENTS: dict[Any, dict[str, Any]] = {
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
}


class MirrorAdmin(admin.ModelAdmin):
    """Rows that the site or Stripe writes: staff may look and never touch, administrators included."""

    formfield_overrides: ClassVar[dict[Any, dict[str, Any]]] = {models.URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

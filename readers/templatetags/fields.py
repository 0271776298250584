"""How a form's field is printed in the site's classes, whoever wrote the form."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def as_input(field: BoundField) -> SafeString:
    """The widget of a field with our class, and without a placeholder that only repeats its label."""
    widget = field.field.widget
    widget.attrs.pop("placeholder", None)
    own = widget.attrs.get("class", "")
    return field.as_widget(attrs={} if is_tick(field) else {"class": f"input {own}".strip()})


@register.filter
def help(field: BoundField) -> SafeString:
    """The help of a field, written by programmers and so trusted; a list in it wears no bullets."""
    return mark_safe(str(field.help_text).replace("<ul>", '<ul class="list">'))  # noqa: S308


@register.filter
def is_tick(field: BoundField) -> bool:
    """Whether the field is a box to tick, which stands before its label."""
    return getattr(field.field.widget, "input_type", "") == "checkbox"

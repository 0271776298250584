"""The admin's choice with a search: a value that cannot be a key is an error in the form, and none of ours.

Django 5.2 puts whatever was sent into a query when it shows the form again, and answers a forged value with a 500. Nor
has the choice a name for who cannot see it.
"""

from typing import Any

from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import ValidationError
from django.forms.widgets import Media, Script

_optgroups = AutocompleteMixin.optgroups
_media: Any = AutocompleteMixin.media
_NAMING: Any = [Script("articles/named-lists.js", defer=True)]


def install() -> None:
    """Have every such widget look up only what can be a key, and say what it is for."""
    AutocompleteMixin.optgroups = _of_keys_only  # type: ignore[assignment,method-assign]
    widgets: Any = AutocompleteMixin
    widgets.media = property(_with_names)


def _with_names(widget: Any) -> Media:
    found: Media = _media.fget(widget) + Media(js=_NAMING)
    return found


def _of_keys_only(widget: Any, name: str, value: list[Any], attr: Any = None) -> Any:
    return _optgroups(widget, name, [one for one in value if not one or _can_be_a_key(widget, one)], attr)


def _can_be_a_key(widget: Any, value: Any) -> bool:
    model = widget.field.remote_field.model
    key = model._meta.get_field(getattr(widget.field.remote_field, "field_name", None) or model._meta.pk.name)
    try:
        key.run_validators(key.to_python(value))
    except ValidationError:
        return False
    return True

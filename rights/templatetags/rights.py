"""The words of law in a template: `{% wording "confirm_withdrawal" %}`."""

from django import template

from rights import wordings

register = template.Library()
register.simple_tag(wordings.wording)

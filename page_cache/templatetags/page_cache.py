"""What is one reader's own on a page that all share otherwise."""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe

from page_cache.shared import Hole, Holes
from page_cache.standing import HOLES

register = template.Library()


@register.tag
def own(parser: Parser, token: Token) -> "OwnNode":
    """A part that each reader has their own of: `{% own "why" %}…{% endown %}`.

    With a key and a condition, `{% own "saved" article.pk shelf.is_saved %}`, the part is one of two, and inside it
    `is_chosen` says which. Where no shared page is being made it prints what stands inside.
    """
    name, *more = token.split_contents()[1:]
    inside = parser.parse(("endown",))
    parser.delete_first_token()
    return OwnNode(parser.compile_filter(name), [parser.compile_filter(one) for one in more], inside)


class OwnNode(template.Node):
    """See `own`."""

    def __init__(self, name: FilterExpression, more: list[FilterExpression], inside: NodeList) -> None:
        self.name, self.more, self.inside = name, more, inside

    def render(self, context: Any) -> SafeString:
        request = context.get("request")
        holes = request.META.get(HOLES) if request is not None else None
        if not self.more:
            return self.inside.render(context) if holes is None else _mark(holes, Hole(self.name.resolve(context)))
        key, is_chosen = (one.resolve(context) for one in self.more)
        if holes is None:
            return self._inside(context, bool(is_chosen))
        fillings = (self._inside(context, False), self._inside(context, True))
        return _mark(holes, Hole(self.name.resolve(context), key, fillings))

    def _inside(self, context: Any, is_chosen: bool) -> SafeString:
        with context.push(is_chosen=is_chosen):
            return self.inside.render(context)


def _mark(holes: Holes, hole: Hole) -> SafeString:
    return mark_safe(holes.add(hole))  # noqa: S308 - a comment with nothing of anybody in it

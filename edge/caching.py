"""Who may keep an answer: the word a view says when its page is the same for every unknown visitor."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark the answers of a view as the same for every visitor without a session.

    `edge.middleware.cache_policy` makes that into headers; whoever brings a session still gets `no-store`.
    """

    @wraps(view)
    def marked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.is_public = True  # type: ignore[attr-defined]
        return response

    return marked

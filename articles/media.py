"""The pictures that pages and cards show, served by the site itself so that one process is enough."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from edge.headers import for_anybody
from edge.http import Request

from . import cards
from .models import Article

# Exactly what pictures.rendition_path writes: originals and anything else in the storage have no address.
RENDITION = re.compile(r"[0-9a-f]{20}-\d{1,5}\.(avif|jpg)")
TYPES = {"avif": "image/avif", "jpg": "image/jpeg"}
# The name holds a hash of the content, so what was fetched once never changes.
FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A rendition, for any cache to keep for a year."""
    found = RENDITION.fullmatch(name)
    if not found:
        raise Http404
    try:
        file = default_storage.open(f"pictures/{name}")
    except FileNotFoundError as error:
        raise Http404 from error
    return for_anybody(FileResponse(file, content_type=TYPES[found[1]], headers={"Cache-Control": FOR_EVER}))


@require_safe
def card(request: Request, pk: int, digest: str) -> HttpResponseBase:
    """The card of a published article; the address of an earlier one leads to what the card is now."""
    articles = Article.objects.published(at=request.now).select_related("section", "hero")
    article = get_object_or_404(articles.defer("teaser", "teaser_text"), pk=pk)
    if digest != cards.digest_of(article):
        return redirect(cards.address_of(article))
    headers = {"Cache-Control": FOR_EVER}
    return for_anybody(HttpResponse(cards.card_of(article), content_type="image/jpeg", headers=headers))

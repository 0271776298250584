"""The pictures inside a text, as figures with caption and credit."""

from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from . import body
from .models import Article, Picture


def put_in(html: str, article: Article) -> SafeString:
    """The text with its pictures, fetched together with the article's main picture: in one query, or in none."""
    ids = {*body.picture_ids(html), *([article.hero_id] if article.hero_id else [])}
    pictures = Picture.objects.in_bulk(ids) if ids else {}
    article.hero = pictures.get(article.hero_id)
    return body.with_pictures(html, {id_: _figure(picture) for id_, picture in pictures.items()})


def _figure(picture: Picture) -> Callable[[str], str]:
    def figure(caption: str) -> str:
        return render_to_string("articles/_figure.html", {"picture": picture, "caption": caption or picture.caption})

    return figure

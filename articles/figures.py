"""The pictures inside a text, as figures with caption and credit."""

from collections.abc import Callable, Iterable, Mapping

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from . import body, footnotes
from .models import Article, Picture


def figures_in(texts: Iterable[str]) -> dict[int, Callable[[str], str]]:
    """The pictures in several texts, as `body.with_pictures` wants them: in one query, or in none."""
    ids = {id_ for html in texts for id_ in body.picture_ids(html)}
    return {id_: _figure(picture) for id_, picture in Picture.objects.in_bulk(ids).items()} if ids else {}


def put_in(html: str, article: Article) -> SafeString:
    """The text with its notes below it and its pictures, fetched together with the article's main picture.

    In one query, or in none.
    """
    ids = {*body.picture_ids(html), *([article.hero_id] if article.hero_id else [])}
    pictures = Picture.objects.in_bulk(ids) if ids else {}
    article.hero = pictures.get(article.hero_id)
    figures = {id_: _figure(picture) for id_, picture in pictures.items()}
    return with_figures(footnotes.set_out(html), figures)


def with_figures(html: str, figures: Mapping[int, Callable[[str], str]]) -> SafeString:
    """The text with its tables and pictures as pages show them; `figures` as `figures_in` gives them."""
    return body.with_pictures(body.with_tables(html), figures)


def _figure(picture: Picture) -> Callable[[str], str]:
    def figure(caption: str) -> str:
        return render_to_string("articles/_figure.html", {"picture": picture, "caption": caption or picture.caption})

    return figure

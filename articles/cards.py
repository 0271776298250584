"""The picture of an article where others link to it: headline, section and name, and the main picture beside them.

Drawn when it is first asked for, and kept. Its name holds a hash of everything on it, so a card never changes, and a
new headline gets a new card.
"""

import hashlib
import io
from functools import cache
from pathlib import Path
from textwrap import wrap

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont, ImageOps

from edge import colours

from .models import Article, Picture
from .pictures import rendition_path

SIZE = (1200, 630)
MARGIN = 64
# With a picture the words keep to the left of it.
PICTURE_FROM = 700
COLOURS = ("paper", "ink", "accent", "band")
BAND_HEIGHT = 96
FONTS = Path(settings.BASE_DIR) / "newsroom" / "static" / "fonts"
HEADLINE_SIZES = (76, 66, 58, 50, 44, 38)
JPEG = {"quality": 86, "optimize": True}
# Drawn differently, cards get new names.
EDITION = "1"


def address_of(article: Article) -> str:
    """The path of an article's card; the article was asked for with its section and its main picture."""
    return reverse("card", args=[article.pk, digest_of(article)])


def digest_of(article: Article) -> str:
    """A hash of what is on the card."""
    stem = article.hero.stem if article.hero else ""
    parts = (EDITION, _wordmark(), *_colours(), article.headline, article.kicker, article.section.name, stem)
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:20]


def card_of(article: Article) -> bytes:
    """The card as a JPEG, from the storage or drawn now."""
    path = f"cards/{digest_of(article)}.jpg"
    if not default_storage.exists(path):
        buffer = io.BytesIO()
        _drawn(article).save(buffer, "JPEG", **JPEG)
        default_storage.save(path, ContentFile(buffer.getvalue()))
    with default_storage.open(path) as file:
        return file.read()


def _drawn(article: Article) -> Image.Image:
    paper, ink, accent, band = _colours()
    card = Image.new("RGB", SIZE, paper)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, SIZE[0], BAND_HEIGHT), fill=band)
    draw.text((MARGIN, BAND_HEIGHT // 2), _wordmark(), font=_font("piazzolla", 56), fill=ink, anchor="lm")
    picture = _picture(article.hero) if article.hero else None
    right = SIZE[0] - MARGIN
    if picture:
        right = PICTURE_FROM - MARGIN // 2
        card.paste(picture, (PICTURE_FROM, BAND_HEIGHT))
    about = f"{article.kicker}, {article.section.name}" if article.kicker else article.section.name
    draw.text((MARGIN, BAND_HEIGHT + 56), about, font=_font("hanken", 30), fill=accent, anchor="ls")
    _write_headline(draw, article.headline, ink, width=right - MARGIN, top=BAND_HEIGHT + 80)
    return card


def _wordmark() -> str:
    return settings.SITE_WORDMARK or settings.SITE_NAME


def _colours() -> list[str]:
    """Those of the brand by day."""
    return [colours.whole(settings.SITE_COLOURS)[name][0] for name in COLOURS]


def _write_headline(draw: ImageDraw.ImageDraw, headline: str, ink: str, *, width: int, top: int) -> None:
    """As large as it fits."""
    for size in HEADLINE_SIZES:
        font = _font("piazzolla", size)
        lines = _lines(headline, font, width)
        height = len(lines) * round(size * 1.12)
        if top + height <= SIZE[1] - MARGIN // 2 and all(font.getlength(line) <= width for line in lines):
            break
    for number, line in enumerate(lines):
        draw.text((MARGIN, top + number * round(size * 1.12)), line, font=font, fill=ink)


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    letters = max(8, round(width / font.getlength("n")))
    for most in range(letters + 12, 6, -1):
        lines = wrap(text, most)
        if all(font.getlength(line) <= width for line in lines):
            return lines
    return wrap(text, letters)


def _picture(hero: Picture) -> Image.Image | None:
    """The part of the main picture around its focus that fills the right of the card."""
    path = rendition_path(hero.stem, max(hero.widths), "jpg") if hero.widths else ""
    if not path or not default_storage.exists(path):
        return None
    with default_storage.open(path) as file:
        image = Image.open(file, formats=["JPEG"]).convert("RGB")
    size = (SIZE[0] - PICTURE_FROM, SIZE[1] - BAND_HEIGHT)
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS, centering=(hero.focus_x, hero.focus_y))


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(FONTS / f"{face}.woff2", size)
    others = [float(axis["default"] or 0) for axis in font.get_variation_axes()[1:]]
    font.set_variation_by_axes([700.0, *others])
    return font

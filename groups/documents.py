"""A document that somebody uploads to prove something: what it is, by its content and not by its name."""

import base64
import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from .models import StudentProof

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_PIXELS = 50_000_000
# Enough to read a card; what the camera wrote beside the picture is left out.
LONGEST_SIDE = 2000
_OPENED = ("JPEG", "PNG", "WEBP")


class NotADocument(Exception):
    """Why it is not taken, in words for whoever sent it."""


@dataclass(frozen=True)
class Document:
    """A PDF as it came, or a picture drawn anew."""

    content_type: str
    content: bytes

    @property
    def in_base64(self) -> str:
        """As it is kept."""
        return base64.b64encode(self.content).decode()


def checked(file: BinaryIO, *, size: int) -> Document:
    """The document in an uploaded file of `size` bytes. Raises NotADocument."""
    if size > LARGEST_BYTES:
        raise NotADocument(_("This file is larger than 5 MB. A photo by telephone, or one page as PDF, is enough."))
    data = file.read(LARGEST_BYTES + 1)
    if data[:1024].lstrip().startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise NotADocument(_("This PDF is not whole. Please save it again."))
        return Document(StudentProof.Type.PDF, data)
    return Document(StudentProof.Type.JPEG, _drawn_anew(data))


def _drawn_anew(data: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_OPENED) as opened:
                if opened.width * opened.height > LARGEST_PIXELS:
                    raise NotADocument(_("This picture is too large. A photo by telephone is enough."))
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotADocument(_("This is neither a PDF nor a photo (JPEG, PNG, WebP).")) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = io.BytesIO()
    picture.save(drawn, "JPEG", quality=80)
    return drawn.getvalue()

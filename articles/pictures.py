"""From an uploaded file to the files that pages show: checked, stripped of its metadata, in sensible widths."""

import hashlib
import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageFilter, ImageOps

MAX_PIXELS = 60_000_000
MAX_BYTES = 30 * 1024 * 1024
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
# What the AVIF of each width may weigh in bytes: with 960 px, the text, the fonts and the style an article stays
# below 100 KB on a phone (python -m bench.weight).
BYTES = {320: 7_000, 640: 14_000, 960: 18_000, 1280: 40_000, 1600: 56_000}
WIDTHS = tuple(BYTES)
# A JPEG is for browsers without AVIF, feeds and cards, and may weigh so many times as much.
JPEG_WEIGHS = 4
JPEG_WIDTH = 640
# Nothing is made lighter than this, however light the original is.
LEAST_BYTES = 2_000
# From the best to the least that still looks like what was uploaded.
AVIF_QUALITIES = range(64, 35, -4)
JPEG_QUALITIES = range(84, 51, -4)
# Grain and printer's dots weigh more than all that can be seen in a picture; radii in pixels of the rendition.
SOFTNESS = (0.0, 0.7, 1.1, 1.6, 2.2)
# How renditions are made: raise it when that changes, and the job makes all of them anew, with other names.
EDITION = 2
FIRST = 3
FIRST_QUALITY = 45

Encode = Callable[[Image.Image, int], bytes]


class BadPicture(ValueError):
    """The file is no picture we can show; the message says why, in an editor's words."""


def original_path(instance: object, filename: str) -> str:
    """Where an upload is kept: never under a name its sender chose, and never served."""
    return f"originals/{hashlib.sha256(filename.encode()).hexdigest()[:16]}"


def validate(file: File) -> None:
    """Raise ValidationError where the file cannot be shown. A file that is already stored passes."""
    if getattr(file, "_committed", False):
        return
    if (file.size or 0) > MAX_BYTES:
        raise ValidationError("This picture is too large: 30 MB is the most we take.")
    try:
        file.seek(0)
        open_safely(file)
        file.seek(0)
    except BadPicture as error:
        raise ValidationError(str(error)) from error


def open_safely(file: File) -> Image.Image:
    """The picture upright, in sRGB and without metadata. Raises BadPicture."""
    with warnings.catch_warnings():
        # Our own limit is lower than the one Pillow warns at.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(file, formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise BadPicture(
                    f"This picture has {image.width * image.height // 1_000_000} megapixels; 60 is the most we take."
                )
            # MPO is what many cameras call a JPEG with its preview inside.
            if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
                raise BadPicture("This picture moves; please use a still one.")
            image.draft("RGB", (3200, 3200))
            image.load()
            return _without_metadata(_in_srgb(ImageOps.exif_transpose(image)))
        except Image.DecompressionBombError as error:
            raise BadPicture("This picture has too many pixels; 60 megapixels is the most we take.") from error
        except BadPicture:
            raise
        # A hostile file makes Pillow's readers give up in more ways than can be listed.
        except Exception as error:
            raise BadPicture("This file is not a picture we can read: use JPEG, PNG, WebP or AVIF.") from error


def _without_metadata(image: Image.Image) -> Image.Image:
    """The pixels and nothing else: some writers copy where and by whom a photo was taken."""
    image.info = {}
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    if profile := image.info.get("icc_profile"):
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            image = converted or image
    if image.mode in ("RGBA", "LA", "P"):
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB")


def thumbnail_url(stem: str, widths: list[int]) -> str:
    """The address of the smallest rendition, or an empty string where there is none."""
    return rendition_url(stem, min(widths), "avif") if widths else ""


def write_first_renditions(original: File) -> tuple[str, list[int], tuple[int, int]]:
    """What an editor sees as soon as an upload is stored, as `write_renditions` answers; quick, and not weighed.

    Raises BadPicture.
    """
    content, image = _read(original)
    stem, widths = _stem(content, 0), _widths(image, WIDTHS[:FIRST])
    for width in widths:
        smaller = _resized(image, width)
        _write(rendition_path(stem, width, "avif"), partial(_avif, smaller, FIRST_QUALITY))
        if width in jpeg_widths(widths):
            _write(rendition_path(stem, width, "jpg"), partial(_jpeg, smaller, JPEG_QUALITIES[0]))
    return stem, widths, image.size


def write_renditions(original: File) -> tuple[str, list[int], tuple[int, int]]:
    """Write an AVIF per width and JPEGs of two; returns the stem of their names, the widths and the size.

    Each has the best quality that its weight allows. The name holds a hash of the content, so that caches may keep a
    file for ever. Takes seconds of a processor: a job does it. Raises BadPicture.
    """
    content, image = _read(original)
    stem, widths = _stem(content, EDITION), _widths(image, WIDTHS)
    for width in widths:
        smaller, most = _resized(image, width), _budget(width, len(content), image.width)
        _write(rendition_path(stem, width, "avif"), partial(_within, most, smaller, _avif, AVIF_QUALITIES))
        if width in jpeg_widths(widths):
            heavier = JPEG_WEIGHS * most
            _write(rendition_path(stem, width, "jpg"), partial(_within, heavier, smaller, _jpeg, JPEG_QUALITIES))
    return stem, widths, image.size


def _read(original: File) -> tuple[bytes, Image.Image]:
    with original.open() as file:
        content = file.read()
        file.seek(0)
        return content, open_safely(file)


def _stem(content: bytes, edition: int) -> str:
    return hashlib.sha256(bytes([edition]) + content).hexdigest()[:20]


def _widths(image: Image.Image, sensible: Sequence[int]) -> list[int]:
    return [width for width in sensible if width <= image.width] or [image.width]


def _resized(image: Image.Image, width: int) -> Image.Image:
    size = (width, max(1, round(image.height * width / image.width)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _budget(width: int, original_bytes: int, original_width: int) -> int:
    """How many bytes a rendition may have: what its width is given, but no more than its share of the original."""
    given = next((most for wide, most in BYTES.items() if width <= wide), BYTES[WIDTHS[-1]])
    return min(given, max(LEAST_BYTES, original_bytes * width // original_width))


def _within(most: int, image: Image.Image, encode: Encode, qualities: Sequence[int]) -> bytes:
    """The picture in the best of the qualities that stays within so many bytes, softened where none would.

    What is heavy even so (nothing that we have seen) is given as light as it goes.
    """
    for radius in SOFTNESS:
        soft = image.filter(ImageFilter.GaussianBlur(radius)) if radius else image
        found = encode(soft, qualities[-1])
        if len(found) <= most:
            break
    best, least = 0, len(qualities) - 1
    while best < least:
        middle = (best + least) // 2
        tried = encode(soft, qualities[middle])
        if len(tried) <= most:
            found, least = tried, middle
        else:
            best = middle + 1
    return found


def _avif(image: Image.Image, quality: int) -> bytes:
    return _encoded(image, "AVIF", quality=quality, speed=8)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    return _encoded(image, "JPEG", quality=quality, optimize=True, progressive=True)


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _write(path: str, content: Callable[[], bytes]) -> None:
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content()))


def jpeg_widths(widths: Sequence[int]) -> list[int]:
    """Which of the widths there is a JPEG of: the largest, and one for a phone."""
    return sorted({JPEG_WIDTH, max(widths)} & set(widths)) if widths else []


def rendition_path(stem: str, width: int, suffix: str) -> str:
    """The name of a rendition in the storage."""
    return f"pictures/{stem}-{width}.{suffix}"


def rendition_url(stem: str, width: int, suffix: str) -> str:
    """The address of a rendition."""
    return default_storage.url(rendition_path(stem, width, suffix))

"""From an uploaded file to the files that pages show: checked, stripped of its metadata, in sensible widths."""

import hashlib
import io
import warnings
from collections.abc import Mapping
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageOps

MAX_PIXELS = 60_000_000
MAX_BYTES = 30 * 1024 * 1024
WIDTHS = (320, 640, 960, 1280, 1600)
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
AVIF = {"quality": 55, "speed": 8}
JPEG = {"quality": 80, "optimize": True, "progressive": True}


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


def write_renditions(original: File) -> tuple[str, list[int], tuple[int, int]]:
    """Write an AVIF per width and one JPEG of the largest; returns the stem of their names, the widths and the size.

    The name holds a hash of the content, so that caches may keep a file for ever. Raises BadPicture.
    """
    with original.open() as file:
        stem = hashlib.sha256(file.read()).hexdigest()[:20]
        file.seek(0)
        image = open_safely(file)
    widths = [width for width in WIDTHS if width <= image.width] or [image.width]
    for width in widths:
        smaller = image.resize(
            (width, round(image.height * width / image.width)), Image.Resampling.LANCZOS, reducing_gap=2.0
        )
        _write(rendition_path(stem, width, "avif"), smaller, "AVIF", AVIF)
        if width == widths[-1]:
            _write(rendition_path(stem, width, "jpg"), smaller, "JPEG", JPEG)
    return stem, widths, image.size


def _write(path: str, image: Image.Image, kind: str, options: Mapping[str, object]) -> None:
    if default_storage.exists(path):
        return
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    default_storage.save(path, ContentFile(buffer.getvalue()))


def rendition_path(stem: str, width: int, suffix: str) -> str:
    """The name of a rendition in the storage."""
    return f"pictures/{stem}-{width}.{suffix}"


def rendition_url(stem: str, width: int, suffix: str) -> str:
    """The address of a rendition."""
    return default_storage.url(rendition_path(stem, width, suffix))

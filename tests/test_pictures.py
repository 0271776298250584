"""Uploads: what is refused, what is stripped, what pages get."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from articles import pictures
from articles.models import Picture

BLUE = (20, 60, 200)


def a_file(size: tuple[int, int] = (800, 450), kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    """A blue picture as a file."""
    buffer = io.BytesIO()
    Image.new(mode, size, BLUE if mode == "RGB" else 0).save(buffer, kind, **options)
    return buffer.getvalue()


def a_huge_png(width: int, height: int) -> bytes:
    """A few kilobytes that unpack to width times height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + b"\0" * ((width + 7) // 8)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def an_animation(kind: str) -> bytes:
    """Two frames."""
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def with_location(size: tuple[int, int] = (800, 450)) -> bytes:
    """A JPEG that says where, by whom and with what it was taken."""
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif[0x013B] = "SecretPhotographer"
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 50.0, 30.0), 3: "E", 4: (4.0, 21.0, 3.0), 29: "2026:11:17"})
    return a_file(size, exif=exif, xmp=b"<x:xmpmeta>SecretPlace</x:xmpmeta>", comment=b"SecretComment")


REFUSED = {
    "a text file": b"This is no picture.",
    "an empty file": b"",
    "a drawing in SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a GIF": a_file(kind="GIF"),
    "a GIF that says it is enormous": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 30,
    "100 megapixels": a_huge_png(10_000, 10_000),
    "400 megapixels": a_huge_png(20_000, 20_000),
    "a picture cut short": a_file()[:800],
    "an animated WebP": an_animation("WEBP"),
    "an animated PNG": an_animation("PNG"),
    "a TIFF": a_file(kind="TIFF"),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_still_picture_of_sensible_size_is_refused(content):
    with pytest.raises(ValidationError) as refusal:
        pictures.validate(SimpleUploadedFile("harbour.jpg", content))

    assert refusal.value.messages[0].startswith("This ")


def test_more_than_30_megabytes_are_refused_before_anything_is_read():
    too_much = SimpleUploadedFile("harbour.jpg", a_file() + b"\0" * (31 * 1024 * 1024))

    with pytest.raises(ValidationError, match="30 MB"):
        pictures.validate(too_much)


def test_100_megapixels_are_refused_with_the_number():
    with pytest.raises(ValidationError, match="100 megapixels; 60"):
        pictures.validate(SimpleUploadedFile("harbour.png", a_huge_png(10_000, 10_000)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_four_formats_of_the_web_are_taken(kind):
    pictures.validate(SimpleUploadedFile("harbour", a_file(kind=kind)))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_every_kind_of_pixels_becomes_rgb(mode):
    assert pictures.open_safely(ContentFile(a_file(kind="PNG", mode=mode))).mode == "RGB"


def test_a_jpeg_for_print_becomes_rgb():
    assert pictures.open_safely(ContentFile(a_file(mode="CMYK"))).mode == "RGB"


def test_a_camera_jpeg_with_its_preview_inside_is_taken():
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), BLUE).save(
        buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (160, 120), BLUE)]
    )

    assert pictures.open_safely(ContentFile(buffer.getvalue())).size == (640, 480)


def test_a_picture_on_its_side_stands_up():
    exif = Image.Exif()
    exif[0x0112] = 6

    assert pictures.open_safely(ContentFile(a_file((800, 450), exif=exif))).size == (450, 800)


@pytest.mark.django_db
def test_where_it_was_taken_and_by_whom_never_reaches_a_rendition():
    original = with_location()
    assert b"SecretCamera" in original
    assert b"SecretPlace" in original
    picture = Picture(original=ContentFile(original, name="harbour.jpg"), alt="a", credit="c")
    picture.save()
    picture.make_renditions()

    for width, kind in [(320, "avif"), (640, "avif"), (640, "jpg")]:
        with default_storage.open(pictures.rendition_path(picture.stem, width, kind)) as file:
            content = file.read()
        assert b"Secret" not in content
        shown = Image.open(io.BytesIO(content))
        assert not shown.getexif()
        assert "xmp" not in shown.info


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_the_other_formats_lose_their_metadata_too(kind):
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif[0x0112] = 3

    assert pictures.open_safely(ContentFile(a_file(kind=kind, exif=exif))).info == {}


@pytest.mark.django_db
def test_pages_get_an_avif_for_each_width_up_to_its_own_and_one_jpeg():
    picture = Picture(original=ContentFile(a_file((1000, 500)), name="harbour.jpg"), alt="a", credit="c")
    picture.save()
    picture.make_renditions()

    assert picture.widths == [320, 640, 960]
    assert (picture.width, picture.height) == (1000, 500)
    assert sorted(default_storage.listdir("pictures")[1]) == [
        f"{picture.stem}-320.avif", f"{picture.stem}-640.avif", f"{picture.stem}-960.avif", f"{picture.stem}-960.jpg"
    ]  # fmt: skip
    assert picture.src.endswith("-960.jpg")
    assert pictures.thumbnail_url(picture.stem, picture.widths).endswith("-320.avif")


@pytest.mark.django_db
def test_a_picture_smaller_than_the_smallest_width_is_not_blown_up():
    picture = Picture(original=ContentFile(a_file((90, 60), "PNG"), name="small.png"), alt="a", credit="c")
    picture.save()
    picture.make_renditions()

    assert picture.widths == [90]


def test_an_upload_is_not_kept_under_the_name_its_sender_chose():
    path = pictures.original_path(None, "../../etc/passwd.php")

    assert path.startswith("originals/")
    assert "passwd" not in path
    assert "." not in path

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

from articles import pictures, renditions
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


def a_picture(content: bytes) -> Picture:
    picture = Picture(original=ContentFile(content, name="harbour.jpg"), alt="a", credit="c")
    picture.save()
    return picture


def files_of(picture: Picture) -> list[str]:
    """The ends of the names of its files."""
    names = default_storage.listdir("pictures")[1]
    return sorted(name.rpartition("-")[2] for name in names if name.startswith(picture.stem))


def weight_of(picture: Picture, width: int, suffix: str) -> int:
    return default_storage.size(pictures.rendition_path(picture.stem, width, suffix))


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
def test_pages_get_an_avif_for_each_width_up_to_its_own_and_two_jpegs():
    picture = a_picture(a_file((1000, 500)))
    picture.make_renditions()

    assert picture.widths == [320, 640, 960]
    assert (picture.width, picture.height) == (1000, 500)
    assert files_of(picture) == ["320.avif", "640.avif", "640.jpg", "960.avif", "960.jpg"]
    assert picture.src.endswith("-960.jpg")
    assert "-640.jpg 640w, " in picture.fallback_srcset
    assert pictures.thumbnail_url(picture.stem, picture.widths).endswith("-320.avif")


def grain(width: int = 1300, height: int = 731) -> bytes:
    """A picture that no codec can make small: printer's dots, each of another grey."""
    dots = bytes((x * 37 ^ y * 91) % 256 if (x // 3 + y // 3) % 2 else 255 for y in range(height) for x in range(width))
    buffer = io.BytesIO()
    Image.frombytes("L", (width, height), dots).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def grainy() -> bytes:
    return grain()


@pytest.mark.django_db
def test_no_rendition_weighs_more_than_its_width_is_given_however_grainy_the_picture(grainy, monkeypatch):
    monkeypatch.setattr(pictures, "WIDTHS", (320, 960))
    picture = a_picture(grainy)
    picture.make_renditions()

    for width in picture.widths:
        assert weight_of(picture, width, "avif") <= pictures.BYTES[width]
    assert weight_of(picture, 960, "jpg") <= pictures.JPEG_WEIGHS * pictures.BYTES[960]


def test_a_picture_that_is_easily_within_its_weight_has_the_best_quality():
    easy = Image.linear_gradient("L").convert("RGB").resize((640, 360))

    assert pictures._within(15_000, easy, pictures._avif, pictures.AVIF_QUALITIES) == pictures._avif(easy, 64)


def test_of_the_qualities_that_fit_the_best_is_taken():
    small = bytes((x * 37 ^ y * 91) % 64 for y in range(45) for x in range(80))
    scene = Image.frombytes("L", (80, 45), small).convert("RGB").resize((320, 180), Image.Resampling.BICUBIC)
    weights = [len(pictures._avif(scene, quality)) for quality in pictures.AVIF_QUALITIES]
    assert sorted(weights, reverse=True) == weights

    for weight in weights:
        assert len(pictures._within(weight, scene, pictures._avif, pictures.AVIF_QUALITIES)) == weight
    assert len(pictures._within(weights[-1] - 1, scene, pictures._avif, pictures.AVIF_QUALITIES)) < weights[-1]


def test_a_rendition_weighs_no_more_than_its_share_of_a_light_original():
    assert pictures._budget(640, 6_000, 1280) == 3_000
    assert pictures._budget(640, 6_000_000, 1280) == pictures.BYTES[640]
    assert pictures._budget(320, 900, 1280) == pictures.LEAST_BYTES
    assert pictures._budget(90, 900_000, 90) == pictures.BYTES[320]


@pytest.mark.django_db
def test_an_upload_is_shown_at_once_and_made_lighter_by_the_job():
    picture = a_picture(a_file((1300, 600)))
    picture.make_first_renditions()
    first = picture.stem
    assert picture.widths == [320, 640, 960]
    assert files_of(picture) == ["320.avif", "640.avif", "640.jpg", "960.avif", "960.jpg"]

    assert renditions.make_waiting() == (1, 0)

    picture.refresh_from_db()
    assert picture.widths == [320, 640, 960, 1280]
    assert picture.stem != first, "what may be kept for a year never changes under its name"
    assert default_storage.exists(pictures.rendition_path(first, 960, "avif")), "pages in caches still name it"
    assert renditions.make_waiting() == (0, 0)


@pytest.mark.django_db
def test_renditions_of_an_older_manner_are_made_anew(monkeypatch):
    picture = a_picture(a_file((330, 200)))
    picture.make_renditions()
    before = picture.stem
    monkeypatch.setattr(pictures, "EDITION", pictures.EDITION + 1)

    assert renditions.make_waiting() == (1, 0)

    picture.refresh_from_db()
    assert picture.stem != before


@pytest.mark.django_db
def test_a_picture_whose_original_is_lost_keeps_what_it_has_and_holds_nothing_up():
    lost, fine = a_picture(a_file((330, 200))), a_picture(a_file((340, 200)))
    for picture in (lost, fine):
        picture.make_first_renditions()
    kept = lost.stem
    default_storage.delete(str(lost.original.name))

    assert renditions.make_waiting() == (2, 0)

    assert Picture.objects.get(pk=lost.pk).stem == kept
    assert Picture.objects.get(pk=fine.pk).edition == pictures.EDITION


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

"""What travels is small: pages of the newspaper are compressed, pages that belong to one reader are not.

Compression shows by its length whether a guess stands in the page (BREACH), so it needs a reason: docs/decisions.md.
Static files are compressed beforehand (whitenoise), pictures are as small as they get.
"""

import re
from collections.abc import Callable

import brotli
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

GetResponse = Callable[[HttpRequest], HttpResponseBase]
# Below this, the headers weigh more than what is saved.
LEAST_BYTES = 400
# Of eleven: half the time of gzip's best, and smaller.
BROTLI_QUALITY = 5
# So many random bytes hide the length of a page that says who is reading.
PADDING_BYTES = 128
TEXT = re.compile(r"text/(?!event-stream)|application/([\w.-]+\+)?(json|xml|manifest|javascript)|image/svg\+xml")
ACCEPTED = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q=([0-9.]+))?\s*")


def compress(get_response: GetResponse) -> GetResponse:
    """Compress answers that are public, and the newspaper's pages for those who are signed in, with padding."""

    def compressed(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and _is_worth_it(response):
            is_same_for_all = "public" in response.get("Cache-Control", "")
            if is_same_for_all or getattr(response, "is_public", False):
                patch_vary_headers(response, ["Accept-Encoding"])
                _compress(response, accepted(request.headers.get("Accept-Encoding", "")), is_same_for_all)
        return response

    return compressed


def accepted(header: str) -> set[str]:
    """The codings of an Accept-Encoding header that are not refused by `q=0`; what cannot be read is not one."""
    found = (ACCEPTED.fullmatch(part) for part in header.lower().split(","))
    return {one[1] for one in found if one and (one[2] is None or one[2].strip("0.") != "")}


def _is_worth_it(response: HttpResponse) -> bool:
    return (
        len(response.content) >= LEAST_BYTES
        and "Content-Encoding" not in response
        and response.status_code != 206
        and TEXT.match(response.get("Content-Type", "")) is not None
    )


def _compress(response: HttpResponse, codings: set[str], is_same_for_all: bool) -> None:
    if is_same_for_all and "br" in codings:
        coding, content = "br", brotli.compress(response.content, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    elif "gzip" in codings:
        padding = None if is_same_for_all else PADDING_BYTES
        coding, content = "gzip", compress_string(response.content, max_random_bytes=padding)
    else:
        return
    response.content = content
    response["Content-Encoding"] = coding
    if "Content-Length" in response:
        response["Content-Length"] = str(len(content))
    if (etag := response.get("ETag", "")).startswith('"'):
        response["ETag"] = f"W/{etag}"

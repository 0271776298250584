"""A zero byte in an address: nobody types one, PostgreSQL takes none, and no page of ours has one."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def refuse_zero_bytes(get_response: GetResponse) -> GetResponse:
    """Answer 400 before a view puts it to the database. Fields of forms refuse it themselves."""

    def without_zero_bytes(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("A zero byte in the address.")
        return get_response(request)

    return without_zero_bytes

"""A request as this site's views get it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest


class Request(HttpRequest):
    """Django's request with its moment (`edge.middleware.now`) and its reader."""

    now: datetime
    user: Any

"""The admin's page about the state of the site: what needs a person, what waits, and which versions run."""

import platform
from typing import Any

import django
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from edge.http import Request

from . import state


@require_safe
def state_of_the_site(request: Request) -> HttpResponse:
    """The page. Raises PermissionDenied for those who may not see the machine room."""
    if not request.user.has_perm("newsroom.view_run"):
        raise PermissionDenied
    found = state.concerns(at=request.now)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "State of the site",
        "for_a_person": [one for one in found if one.needs_a_person and one.count],
        "by_itself": [one for one in found if not one.needs_a_person and one.count],
        "fine": [one for one in found if not one.count],
        "workers": state.workers_alive(at=request.now),
        "last_backup": state.last_backup(),
        "has_shelf": bool(settings.BACKUP_DIR),
        "versions": {
            "Python": platform.python_version(),
            "Django": django.get_version(),
            connection.display_name: ".".join(map(str, connection.get_database_version())),
        },
    }
    return TemplateResponse(request, "admin/state.html", context)

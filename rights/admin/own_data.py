"""The administrators' side of own data: delete an account on request, see the retention, print the register."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from edge.desk import MirrorAdmin
from readers.models import User
from rights import erasure, register, retention
from rights.models import Erasure, RetentionRun
from subscriptions import billing


@admin.register(Erasure)
class ErasureAdmin(MirrorAdmin):
    """Accounts that are no more, by the number on their reader's receipt. Nobody's name is here."""

    list_display = ("number", "erased_at", "by_staff")
    list_filter = ("by_staff",)
    search_fields = ("number__exact",)
    search_help_text = "The number on the receipt."
    fields = ("number", "erased_at", "by_staff", "kept")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.erase_view))
        return [path("of/<int:reader_id>/", view, name="rights_erasure_of"), *super().get_urls()]

    def erase_view(self, request: HttpRequest, reader_id: int) -> HttpResponse:
        """Ask, then delete the account. Raises PermissionDenied, or Http404 where there is no such reader."""
        if not request.user.is_superuser:
            raise PermissionDenied
        reader = get_object_or_404(User, pk=reader_id)
        if reader.is_deleted or not erasure.may_erase(reader):
            messages.info(request, "This account is deleted already, or belongs to staff: take their rights first.")
            return HttpResponseRedirect(reverse("admin:readers_user_change", args=[reader.pk]))
        if request.method == "POST":
            return self._erase(request, reader)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": reader,
            "title": "Delete this account",
            "outlook": erasure.outlook_of(reader),
        }
        return TemplateResponse(request, "admin/rights/erasure/erase.html", context)

    def _erase(self, request: HttpRequest, reader: User) -> HttpResponse:
        try:
            receipt, _ = erasure.erase(reader, at=request.now, by_staff=True)  # type: ignore[attr-defined]
        except billing.BillingError as error:
            messages.error(request, f"Nothing was deleted: the subscription could not be ended at Stripe. {error}")
            return HttpResponseRedirect(reverse("admin:rights_erasure_of", args=[reader.pk]))
        except erasure.AlreadyErased:
            messages.info(request, "This account is deleted already.")
            return HttpResponseRedirect(reverse("admin:rights_erasure_changelist"))
        self.log_change(request, receipt, "Deleted the account on request.")
        messages.success(request, f"The account is deleted; the receipt {receipt} went to its address.")
        return HttpResponseRedirect(reverse("admin:rights_erasure_changelist"))


@admin.register(RetentionRun)
class RetentionAdmin(MirrorAdmin):
    """Every rule, what it would let go of now, and when it was last carried out."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: RetentionRun | None = None) -> bool:
        return self.has_module_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.register_view))
        return [path("register/", view, name="rights_register"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The table of rules; with `?dry` also what each of them would do at this moment."""
        if not request.user.is_superuser:
            raise PermissionDenied
        is_dry_run = "dry" in request.GET
        now = request.now  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Retention",
            "is_dry_run": is_dry_run,
            "rules": retention.dry_run(at=now) if is_dry_run else retention.last_runs(),
            "job": retention.JOB,
        }
        return TemplateResponse(request, "admin/rights/retention.html", context)

    def register_view(self, request: HttpRequest) -> HttpResponse:
        """The register of processing. Raises PermissionDenied."""
        if not request.user.is_superuser:
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Register of processing",
            "controller": register.controller(),
            "activities": register.activities(),
            "measures": register.measures(),
        }
        return TemplateResponse(request, "admin/rights/register.html", context)

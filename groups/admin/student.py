"""Students at the desk: documents to look at, what was decided, and the domains that staff know better."""

import base64
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from edge.desk import MirrorAdmin
from edge.http import Request, now_of

from .. import addresses, students
from ..models import AcademicDomain, StudentApplication, StudentProof

DECIDES = "groups.change_studentapplication"
ENDINGS = {StudentProof.Type.PDF: "pdf", StudentProof.Type.JPEG: "jpg"}
# What refusals mostly say; staff choose or write their own.
REASONS = (
    "It does not say for which year it is, or the year is over.",
    "The name of the institution cannot be read.",
    "The name on it is another one than that of the account.",
    "It is not from a university or school for higher education.",
)


@admin.register(StudentApplication)
class StudentApplicationAdmin(MirrorAdmin):
    """Who says that they study, how it was proved, and what was decided."""

    change_form_template = "admin/groups/student.html"
    list_display = ("reader", "way", "institution", "academic_email", "state", "asked_at", "decided_at", "decided_by")
    list_filter = ("state", "way")
    list_select_related = ("reader", "decided_by")
    search_fields = ("reader__email__startswith", "academic_email__startswith", "institution__icontains")
    show_full_result_count = False
    fields = (
        *("whose", "way", "institution", "academic_email", "state", "asked_at", "proved_at", "decided_at"),
        *("decided_by", "reason", "grant"),
    )
    readonly_fields = fields

    @admin.display(description="reader")
    def whose(self, row: StudentApplication) -> SafeString:
        page = reverse("admin:readers_user_change", args=[row.reader_id])
        return format_html('<a href="{}">{}</a> {}', page, row.reader, row.reader.name)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/proof/", view(require_safe(self.proof)), name="groups_student_proof"),
            path("<int:pk>/accept/", view(require_POST(self.accept)), name="groups_student_accept"),
            path("<int:pk>/refuse/", view(require_POST(self.refuse)), name="groups_student_refuse"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row and request.user.has_perm(DECIDES):
            context |= {
                "waits": row.state == StudentApplication.State.REVIEW,
                "proof": StudentProof.objects.defer("content").filter(application=row).first(),
                "reasons": REASONS,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def proof(self, request: Request, pk: int) -> HttpResponse:
        """The document, to whoever decides and to nobody else. Raises PermissionDenied, or Http404."""
        self._must_decide(request)
        kept = get_object_or_404(StudentProof, pk=pk)
        self.log_change(request, kept.application, "Looked at the document.")
        answer = HttpResponse(base64.b64decode(kept.content), content_type=kept.content_type)
        # A picture may stand on the page; a PDF, which can do things, is only ever handed over.
        how = "inline" if kept.content_type == StudentProof.Type.JPEG else "attachment"
        answer["Content-Disposition"] = f'{how}; filename="proof-{pk}.{ENDINGS[StudentProof.Type(kept.content_type)]}"'
        answer["X-Content-Type-Options"], answer["Cache-Control"] = "nosniff", "private, no-store"
        return answer

    def accept(self, request: Request, pk: int) -> HttpResponse:
        """It holds. Raises PermissionDenied, or Http404."""
        self._must_decide(request)
        row = get_object_or_404(StudentApplication, pk=pk)
        try:
            students.accept(row, by=request.user, at=request.now)
        except students.DecidedAlready:
            return self._back(request, row, "A colleague was quicker, or it was taken back.")
        return self._back(request, row, "Accepted. The document is deleted.")

    def refuse(self, request: Request, pk: int) -> HttpResponse:
        """It does not. Raises PermissionDenied, or Http404."""
        self._must_decide(request)
        row = get_object_or_404(StudentApplication, pk=pk)
        reason = (request.POST.get("own", "") or request.POST.get("reason", "")).strip()
        if not reason:
            messages.error(request, "Say why: the reader reads it.")
            return HttpResponseRedirect(reverse("admin:groups_studentapplication_change", args=[pk]))
        try:
            students.refuse(row, reason=reason, by=request.user, at=request.now)
        except students.DecidedAlready:
            return self._back(request, row, "A colleague was quicker, or it was taken back.")
        return self._back(request, row, f"Refused: {reason}")

    def _must_decide(self, request: Request) -> None:
        if not request.user.has_perm(DECIDES):
            raise PermissionDenied

    def _back(self, request: Request, row: StudentApplication, words: str) -> HttpResponse:
        """On to the next that waits, else to this one."""
        self.log_change(request, row, words)
        messages.info(request, words)
        following = StudentApplication.objects.for_staff().first()
        return HttpResponseRedirect(reverse("admin:groups_studentapplication_change", args=[(following or row).pk]))


class AcademicDomainForm(forms.ModelForm):
    """A domain in one form."""

    def clean_domain(self) -> str:
        """In ASCII and lower case. Raises ValidationError where it is none, or everybody's."""
        domain = addresses.clean_domain(self.cleaned_data["domain"])
        if isinstance(domain, addresses.Problem):
            raise forms.ValidationError(domain.in_words())
        return domain


@admin.register(AcademicDomain)
class AcademicDomainAdmin(admin.ModelAdmin):
    """Universities that our list does not know, and domains that prove nothing."""

    form = AcademicDomainForm
    list_display = ("domain", "is_academic", "institution", "note", "added_by", "added_at")
    list_filter = ("is_academic",)
    list_select_related = ("added_by",)
    search_fields = ("domain", "institution")

    def save_model(self, request: HttpRequest, obj: AcademicDomain, form: Any, change: bool) -> None:
        if not change:
            obj.added_by, obj.added_at = request.user, now_of(request)  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

"""Saying in public that we were wrong: the notes of an article, and taking one back for good."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from articles.models import Article, Correction
from edge.http import now_of

if TYPE_CHECKING:
    from .article import ArticleAdmin


PUBLIC = {
    "note": "Everybody reads it, also without a subscription: quote nothing of the paid text but the mistake itself.",
    "said": "The words that were wrong. They are public, also those from behind the wall.",
    "says_now": "The words in their place. Public, too.",
}


@admin.register(Correction)
class CorrectionAdmin(admin.ModelAdmin):
    """Every correction. A new one is made on the page of its article, together with the words it is about."""

    list_display = ("note", "article", "published_at", "made_by")
    list_select_related = ("article", "made_by")
    search_fields = ("note", "article__headline")
    search_help_text = "Note or headline."
    date_hierarchy = "published_at"
    actions = None
    fields = ("article_link", "note", "said", "says_now", "published_at", "made_by")
    readonly_fields = ("article_link", "published_at", "made_by")

    @admin.display(description="article")
    def article_link(self, correction: Correction) -> str:
        address = reverse("admin:articles_article_change", args=[correction.article_id])
        return format_html('<a href="{}">{}</a>', address, correction.article)

    def get_form(self, request: HttpRequest, obj: Correction | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, help_texts=PUBLIC, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        """A correction is not taken back in silence: an error in it is mended here, and the log says so."""
        return False


def listed(article: Article) -> SafeString | str:
    """What was corrected so far, for the page of the article."""
    rows = (
        (
            reverse("admin:articles_correction_change", args=[one.pk]),
            one.note,
            one.published_at.date(),
            one.made_by or "",
        )
        for one in article.corrections.select_related("made_by")
    )
    return format_html_join("", '<p><a href="{}">{}</a> <small>{} {}</small></p>', rows) or "Nothing so far."


class WithdrawalForm(forms.Form):
    """The reason, as readers will find it."""

    because = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "class": "input"}),
        help_text="Readers find these words in the place of the article. Name what was wrong, and who decided.",
    )


def withdraw(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> HttpResponse:
    """Ask for the reason, and withdraw. Raises PermissionDenied, or Http404 for what the public cannot see."""
    article = get_object_or_404(Article.objects.published(at=now_of(request)).select_related("section"), pk=article_id)
    _must_be_allowed(request)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        article.withdraw(by=request.user, at=now_of(request), because=form.cleaned_data["because"])
        desk.log_change(request, article, f"Withdrawn: {article.withdrawn_because}")
        messages.success(request, "Withdrawn. Its address now says that and why, and machines are told to forget it.")
        return _back(article)
    context: dict[str, Any] = desk.admin_site.each_context(request) | {"form": form, "original": article}
    context |= {"title": "Withdraw an article", "opts": desk.opts}
    return render(request, "admin/articles/article/withdraw.html", context)


@require_POST
def put_back(request: HttpRequest, desk: "ArticleAdmin", article_id: int) -> HttpResponse:
    """Undo it. Raises PermissionDenied, or Http404 for what is not withdrawn."""
    article = get_object_or_404(Article.objects.withdrawn(), pk=article_id)
    _must_be_allowed(request)
    article.put_back(by=request.user, at=now_of(request))
    desk.log_change(request, article, "Put back after a withdrawal.")
    messages.success(request, "Put back: everybody can read it again, under its old date.")
    return _back(article)


def _must_be_allowed(request: HttpRequest) -> None:
    if not request.user.has_perm("articles.withdraw_article"):
        raise PermissionDenied


def _back(article: Article) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))

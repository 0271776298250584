"""Showing an article to a lawyer or a source before it is published: making a link, and ending it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from articles.addresses import absolute
from articles.models import Article, ShareLink
from articles.models.gift import hash_of, new_token
from edge.http import now_of

from .workflow import moment

if TYPE_CHECKING:
    from .article import ArticleAdmin

DAYS = (1, 3, 7, 14, 30)


class ShareForm(forms.Form):
    """For whom, and for how long."""

    shown_to = forms.CharField(
        max_length=120,
        label="For whom",
        widget=forms.TextInput(attrs={"class": "input"}),
        help_text="Stands above the article, so that a copy says whose it was. Name a role, such as “our lawyer”, "
        "where a name could harm somebody.",
    )
    days = forms.TypedChoiceField(
        coerce=int,
        initial=3,
        choices=[(days, "1 day" if days == 1 else f"{days} days") for days in DAYS],
        label="It works for",
        widget=forms.Select(attrs={"class": "input"}),
    )


def page(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> HttpResponse:
    """The links of an article (GET), and one more (POST), whose address is shown this once.

    Raises PermissionDenied for whoever may not change the article.
    """
    article = _theirs(desk, request, article_id)
    at = now_of(request)
    may_share = not article.is_published(at=at) and article.status != Article.Status.WITHDRAWN
    form, made, token = ShareForm(request.POST or None), None, ""
    if request.method == "POST" and may_share and form.is_valid():
        token = new_token()
        made = ShareLink.objects.create(
            article=article,
            shown_to=" ".join(form.cleaned_data["shown_to"].split()),
            token_hash=hash_of(token),
            made_by=request.user,  # type: ignore[misc]
            made_at=at,
            expires_at=at + timedelta(days=form.cleaned_data["days"]),
        )
        desk.log_change(request, article, f"Shown to {made.shown_to} until {moment(made.expires_at)}.")
        form = ShareForm()
    links = ShareLink.objects.filter(article=article).select_related("article", "made_by")
    context: dict[str, Any] = desk.admin_site.each_context(request) | {
        "title": "Show it to somebody outside",
        "opts": desk.opts,
        "original": article,
        "form": form,
        "may_share": may_share,
        "made": made,
        "address": absolute(reverse("shared", args=[token])) if made else "",
        "links": [(link, link.why_ended(at=at)) for link in links],
    }
    response = render(request, "admin/articles/article/share.html", context, status=201 if made else 200)
    response["Cache-Control"] = "private, no-store"
    return response


def end(desk: "ArticleAdmin", request: HttpRequest, article_id: int, link_id: int) -> HttpResponse:
    """Let one link open nothing any more. Raises PermissionDenied or Http404."""
    article = _theirs(desk, request, article_id)
    link = get_object_or_404(ShareLink, article=article, pk=link_id)
    link.revoke(at=now_of(request))
    desk.log_change(request, article, f"No longer shown to {link.shown_to}.")
    messages.success(request, f"Ended: the link for {link.shown_to} opens nothing any more.")
    return HttpResponseRedirect(reverse("admin:articles_article_share", args=[article.pk]))


def _theirs(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> Article:
    article = get_object_or_404(Article.objects.select_related("section"), pk=article_id)
    if not desk.has_change_permission(request, article):
        raise PermissionDenied
    return article

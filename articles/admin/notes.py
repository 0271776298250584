"""Notes that colleagues leave each other with an article, and ticking them off."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from articles.models import Article, Step
from edge.http import now_of

if TYPE_CHECKING:
    from .article import ArticleAdmin


class OpenNotes(forms.ModelMultipleChoiceField):
    """A box to tick for each note that is open."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, note: Step) -> str:
        who = (note.by.name or str(note.by)) if note.by else ""
        return f"{note.note} ({who})" if who else note.note


def tick_off(desk: "ArticleAdmin", request: HttpRequest, article_id: int, note_id: int) -> HttpResponse:
    """Say on the first page that a note is done, or (`open`) that it is not. Raises PermissionDenied and Http404."""
    note = _note(desk, request, article_id, note_id)
    if "open" in request.POST:
        note.open_again()
        desk.log_change(request, note.article, f"Note opened again: {note.note}")
    elif note.tick_off(by=request.user, at=now_of(request)):
        desk.log_change(request, note.article, f"Note ticked off: {note.note}")
        messages.success(request, "Ticked off.")
    return HttpResponseRedirect(reverse("admin:index") + "#notes")


def _note(desk: "ArticleAdmin", request: HttpRequest, article_id: int, note_id: int) -> Step:
    """A note on an article that this person may see and has to do with."""
    article = get_object_or_404(desk.get_queryset(request), pk=article_id)
    if not _may_tick(desk, request, article):
        raise PermissionDenied
    note: Step = get_object_or_404(article.steps.notes(), pk=note_id)
    return note


def _may_tick(desk: "ArticleAdmin", request: HttpRequest, article: Article) -> bool:
    """Whoever works on articles and sees this one: also one that is published, or ready, and theirs."""
    return desk.has_view_permission(request, article) and request.user.has_perm("articles.change_article")


def tick_those(form: forms.ModelForm, request: HttpRequest) -> None:
    """Tick off what was ticked on the page of the article, as it is saved."""
    for note in form.cleaned_data.get("done", ()):
        note.tick_off(by=request.user, at=now_of(request))

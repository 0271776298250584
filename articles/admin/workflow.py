"""From draft to published: which button does what, who may press it, and what was done so far."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from articles.models import Article, Step
from edge.clock import BRUSSELS
from edge.http import now_of
from readers.models import User

if TYPE_CHECKING:
    from .forms import ArticleForm

# The buttons of the action row, apart from "Save", which has no word of its own.
REVIEW, READY, SEND_BACK = "review", "ready", "send_back"
PUBLISH, PUBLISH_AT, TAKE_BACK = "publish", "publish_at", "take_back"
VERBS = (REVIEW, READY, SEND_BACK, PUBLISH, PUBLISH_AT, TAKE_BACK)
# What every writer may do with their own work; the rest is decided by whoever may publish.
OF_WRITERS = (REVIEW, SEND_BACK)
STEPS_SHOWN = 30


# --- In words ---------------------------------------------------------------------------------------------


def in_words(article: Article, *, at: datetime) -> str:
    """How far an article has come: "Draft", "Published 14:30", "Scheduled for 24 November 2026, 09:00 (in 3 hours)"."""
    if article.status == Article.Status.WITHDRAWN and article.withdrawn_at:
        return f"Withdrawn {moment(article.withdrawn_at)}"
    if article.is_being_written or article.published_at is None:
        return str(article.get_status_display())
    if article.is_scheduled(at=at):
        rest = timeuntil(article.published_at, at, depth=1)
        return f"Scheduled for {moment(article.published_at)} (in {rest})"
    local = article.published_at.astimezone(BRUSSELS)
    if local.date() == at.astimezone(BRUSSELS).date():
        return f"Published {local:%H:%M}"
    return f"Published {moment(article.published_at)}"


def _ticked_off(step: Step) -> SafeString | str:
    if step.done_at is None:
        return ""
    who = (step.done_by.name or str(step.done_by)) if step.done_by else ""
    return format_html("<small>Done: {} {}</small>", moment(step.done_at), who)


def moment(when: datetime) -> str:
    """ "24 November 2026, 09:00", in Brussels."""
    local = when.astimezone(BRUSSELS)
    return f"{local.day} {local:%B %Y, %H:%M}"


def story(article: Article) -> SafeString | str:
    """What was done with the article, and what colleagues said about it, newest first."""
    rows = (
        (
            "story__note" if one.kind == Step.Kind.NOTE else "",
            moment(one.at),
            (one.by.name or one.by) if one.by else "",
            "" if one.kind == Step.Kind.NOTE else one.get_kind_display(),
            one.note,
            _ticked_off(one),
        )
        for one in article.steps.select_related("by", "done_by")[:STEPS_SHOWN]
    )
    done = format_html_join("", '<li class="{}"><small>{} {}</small> <b>{}</b> {} {}</li>', rows)
    return (
        format_html('<ol class="story" tabindex="0" aria-label="What was done so far">{}</ol>', done)
        if done
        else "Nothing so far."
    )


# --- Who may what -----------------------------------------------------------------------------------------


def colleagues() -> QuerySet[User]:
    """Those to whom an article can be assigned: whoever may write at the desk."""
    may_write = Permission.objects.filter(codename="change_article", content_type__app_label="articles")
    holds = Q(groups__permissions__in=may_write) | Q(user_permissions__in=may_write) | Q(is_superuser=True)
    return User.objects.filter(holds, is_staff=True, is_active=True).distinct().order_by("name", "email")


def may_press(verb: str, article: Article | None, user: Any) -> bool:
    """Whether this person may do that with this article, which they may change."""
    if user.has_perm("articles.publish_article"):
        return True
    return verb in OF_WRITERS and (article is None or article.status != Article.Status.READY)


# --- The form ---------------------------------------------------------------------------------------------


class ColleagueChoice(forms.ModelChoiceField):
    """A colleague, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name or obj)


def refusals(form: "ArticleForm") -> dict[str | None, str]:
    """What keeps the pressed button from doing its work, apart from what the article lacks: field to words."""
    article, verb = form.instance, form.verb
    said: dict[str | None, str] = {}
    wanted = {
        REVIEW: (Article.Status.DRAFT, Article.Status.READY),
        READY: (Article.Status.DRAFT, Article.Status.REVIEW),
        SEND_BACK: (Article.Status.REVIEW, Article.Status.READY),
    }
    if verb in wanted and article.status not in wanted[verb]:
        said[None] = f"This article is “{article.get_status_display()}” by now; look at it again."
    embargo = form.cleaned_data.get("embargo_until")
    goes_out = form.goes_public_at
    if goes_out is None and verb != TAKE_BACK and article.status == Article.Status.PUBLISHED:
        goes_out = article.published_at
    if embargo and goes_out and goes_out < embargo:
        article.embargo_until = embargo
        said["publish_at" if verb == PUBLISH_AT else "embargo_until"] = article.embargo_in_words()
    return said


# --- Doing it ---------------------------------------------------------------------------------------------


def carry_out(form: "ArticleForm", request: HttpRequest) -> str:
    """What the pressed button asks for besides saving. Returns what the log of the admin says, if anything.

    Raises PermissionDenied where this person may not.
    """
    verb, article, at, by = form.verb, form.instance, now_of(request), request.user
    if not verb:
        return ""
    if not may_press(verb, article, by):
        raise PermissionDenied
    if verb in (REVIEW, READY, SEND_BACK):
        {REVIEW: article.send_for_review, READY: article.approve, SEND_BACK: article.send_back}[verb](by=by, at=at)
        return f"{article.steps.all()[0].get_kind_display()}."
    if verb == TAKE_BACK:
        article.take_back(by=by, at=at)
        return "Taken back."
    if form.goes_public_at:
        article.publish(at=form.goes_public_at, by=by, pressed_at=at)
        return f"{in_words(article, at=at)}."
    return ""


def note_what_was_planned(form: "ArticleForm", request: HttpRequest, *, is_new: bool) -> None:
    """Keep who began it, to whom it was assigned, and what was noted for colleagues."""
    article, at, by = form.instance, now_of(request), request.user
    if is_new:
        article.steps.create(kind=Step.Kind.BEGUN, by=by, at=at)
    if "assigned_to" in form.changed_data and (article.assigned_to or not is_new):
        article.assign(article.assigned_to, by=by, at=at)
    if note := " ".join(form.cleaned_data.get("note", "").split()):
        article.steps.create(kind=Step.Kind.NOTE, note=note, by=by, at=at)


def said_to(verb: str, article: Article, *, at: datetime) -> str:
    """What the editor is told once it is done."""
    word = in_words(article, at=at)
    return {
        REVIEW: "Sent for review: it stands on the desk of everybody who may publish.",
        READY: "Ready: it can be published or scheduled.",
        SEND_BACK: "Sent back: it is a draft again.",
        PUBLISH: "It is out.",
        PUBLISH_AT: f"{word}. It appears by itself.",
        TAKE_BACK: "Taken back: it is a draft again, and its address answers “not found”.",
    }.get(verb, f"Saved. {word}.")

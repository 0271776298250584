"""One thing done to many articles: first a page that says what becomes of each, then the thing itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from articles.models import Article, Section, Topic
from edge.http import now_of

# So many at a time: a page of more is read by nobody before the button is pressed.
MOST = 500


@dataclass(frozen=True)
class Outcome:
    """What becomes of one article, or why nothing does."""

    article: Article
    words: str
    happens: bool


@dataclass(frozen=True)
class Act:
    """Something that can be done to many: its name in the list, and to what it is put if one has to be chosen.

    `look` says what it would do to an article, in words, or raises ValidationError with the reason why it would not;
    `do` does it. Both are given the article, what was chosen (None where nothing is), and the request.
    """

    label: str
    button: str
    look: Callable[[Article, Any, HttpRequest], str]
    do: Callable[[Article, Any, HttpRequest], None]
    choice: type[Model] | None = None

    def form(self, data: Any = None) -> forms.Form | None:
        """What has to be chosen first, if anything."""
        if self.choice is None:
            return None
        chosen = forms.ModelChoiceField(
            self.choice._default_manager.all(), label=str(self.choice._meta.verbose_name).capitalize()
        )
        return type("Choice", (forms.Form,), {"chosen": chosen})(data)


# --- What can be done -----------------------------------------------------------------------------------------


def _move_in_words(article: Article, section: Section, request: HttpRequest) -> str:
    if article.section_id == section.pk:
        raise ValidationError("Is there already.")
    old = " Its old address leads to the new one." if article.published_at else ""
    return f"From {article.section} to {section}.{old}"


def _move(article: Article, section: Section, request: HttpRequest) -> None:
    article.section = section
    article.save(update_fields=["section", "changed_at"])


def _topic_in_words(article: Article, topic: Topic, request: HttpRequest) -> str:
    if topic in article.topics.all():
        raise ValidationError("Has it already.")
    return f"Gets the topic {topic}."


def _open_in_words(article: Article, chosen: None, request: HttpRequest) -> str:
    if article.is_free:
        raise ValidationError("Is free already.")
    return "Everybody reads all of it." if article.words_behind_wall else "Nothing of it is behind the wall anyway."


def _close_in_words(article: Article, chosen: None, request: HttpRequest) -> str:
    if not article.is_free:
        raise ValidationError("Has its wall already.")
    if not article.words_behind_wall:
        raise ValidationError("No mark in its text says where the wall stands.")
    return f"{article.words_behind_wall} words go behind the wall."


def _set_free(article: Article, is_free: bool) -> None:
    article.is_free = is_free
    article.save(update_fields=["is_free", "changed_at"])


def _review_in_words(article: Article, chosen: None, request: HttpRequest) -> str:
    if article.status not in (Article.Status.DRAFT, Article.Status.READY):
        raise ValidationError(f"Does not go with what is “{article.get_status_display()}”.")
    return "Goes to review."


def _take_back_in_words(article: Article, chosen: None, request: HttpRequest) -> str:
    if not request.user.has_perm("articles.publish_article"):
        raise ValidationError("You may not take it back.")
    if article.status != Article.Status.PUBLISHED:
        raise ValidationError("Is not published.")
    if article.is_scheduled(at=now_of(request)):
        return "Does not appear; it is a draft again."
    return "Disappears from the site: its address answers “not found”."


ACTS = {
    "move": Act("Move to a section …", "Move", _move_in_words, _move, Section),
    "give_topic": Act(
        "Add a topic …",
        "Add it to",
        _topic_in_words,
        lambda article, topic, request: article.topics.add(topic),
        Topic,
    ),
    "open": Act("Free to read", "Open", _open_in_words, lambda article, _, request: _set_free(article, True)),
    "close": Act("Behind the wall", "Close", _close_in_words, lambda article, _, request: _set_free(article, False)),
    "review": Act(
        "Send for review",
        "Send for review:",
        _review_in_words,
        lambda article, _, request: article.send_for_review(by=request.user, at=now_of(request)),
    ),
    "take_back": Act(
        "Take back",
        "Take back",
        _take_back_in_words,
        lambda article, _, request: article.take_back(by=request.user, at=now_of(request)),
    ),
}


def actions() -> dict[str, tuple[Callable[..., HttpResponse | None], str, str]]:
    """For `ModelAdmin.get_actions`."""
    return {name: (_answer, name, act.label) for name, act in ACTS.items()}


def _answer(desk: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Article]) -> HttpResponse | None:
    """The page that says what would happen; or, where its button was pressed, do it and go back to the list."""
    name = request.POST["action"]
    act = ACTS[name]
    articles = list(queryset.select_related("section").order_by("-pk")[: MOST + 1])
    if len(articles) > MOST:
        messages.error(request, f"More than {MOST} are chosen. Narrow the list first; nothing was done.")
        return None
    is_decided = "do" in request.POST
    form = act.form(request.POST if "chosen" in request.POST or is_decided else None)
    chosen = form.cleaned_data["chosen"] if form and form.is_bound and form.is_valid() else None
    is_answered = form is None or chosen is not None
    outcomes = list(_outcomes(desk, act, articles, chosen, request)) if is_answered else []
    if is_decided and is_answered:
        _do(desk, act, outcomes, chosen, request)
        return None
    context = desk.admin_site.each_context(request) | {
        "title": act.label.removesuffix(" …"),
        "opts": desk.opts,
        "act": act,
        "name": name,
        "form": form,
        "articles": articles,
        "outcomes": outcomes,
        "happens": sum(one.happens for one in outcomes),
        "is_answered": is_answered,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/articles/article/bulk.html", context)


def _outcomes(
    desk: admin.ModelAdmin, act: Act, articles: Sequence[Article], chosen: Any, request: HttpRequest
) -> Iterator[Outcome]:
    for article in articles:
        if not desk.has_change_permission(request, article):
            yield Outcome(article, "You may not change it.", happens=False)
            continue
        try:
            yield Outcome(article, act.look(article, chosen, request), happens=True)
        except ValidationError as refused:
            yield Outcome(article, " ".join(refused.messages), happens=False)


def _do(desk: admin.ModelAdmin, act: Act, outcomes: Sequence[Outcome], chosen: Any, request: HttpRequest) -> None:
    done = [one for one in outcomes if one.happens]
    for one in done:
        act.do(one.article, chosen, request)
        desk.log_change(request, one.article, one.words)
    left = len(outcomes) - len(done)
    rest = f" {left} stay as they are." if left else ""
    messages.success(request, f"Done to {len(done)}.{rest}")

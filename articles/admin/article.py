"""Writing, publishing, scheduling and taking back an article."""

from datetime import datetime
from functools import partial, wraps
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import DateTimeField, Value
from django.forms import ModelForm
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.timesince import timeuntil

from articles.models import Article
from articles.models.article import ArticleQuerySet
from edge.http import Request, now_of

from . import corrections, holding, notes, own, preview, sharing, versions, workflow
from .finding import ListPage
from .forms import ArticleForm, PicturePicker
from .workflow import in_words as in_words
from .writing import WritingPage


def posted(view: Any) -> Any:
    """The view, for POST only; `require_POST` wants the request first."""

    @wraps(view)
    def checked(desk: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return view(desk, request, *args, **kwargs)

    return checked


@admin.register(Article)
class ArticleAdmin(ListPage, WritingPage):
    """The desk: a list of what is there and a page to write on. Its buttons call the article's own verbs."""

    form = ArticleForm
    list_display = ("headline", "kind", "section", "state", "published", "names", "words", "opened")
    list_select_related = ("section",)
    ordering = ("-pk",)
    view_on_site = False
    raw_id_fields = ("hero",)
    autocomplete_fields = ("related", "topics", "translation_of")
    save_on_top = False
    readonly_fields = ("corrected_so_far", "story")
    fieldsets = (
        (None, {"classes": ["desk-main"], "fields": ["headline", "standfirst", "text"]}),
        ("Where it stands", {"classes": ["desk-side"], "fields": ["section", "kicker", "signed_by", "topics"]}),
        ("Main picture", {"classes": ["desk-side"], "fields": ["hero", "hero_caption"]}),
        (
            "At the desk",
            {
                "classes": ["desk-side"],
                "fields": ["assigned_to", "planned_on", "embargo_until", "done", "note", "story"],
            },
        ),
        (
            "On the site",
            {
                "classes": ["desk-side"],
                "fields": [
                    *("is_free", "leads_front", "slug", "language", "translation_of", "related", "began_with", "holds")
                ],
            },
        ),
    )

    corrections_fieldset = (
        "Correct it in public",
        {"classes": ["desk-main"], "fields": ["correction", "it_said", "it_says_now", "corrected_so_far"]},
    )

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["articles/editor.css"]}
        js: ClassVar[list[Script]] = [Script("articles/desk.js", defer=True), Script("articles/holding.js", defer=True)]

    # --- The list -----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        articles = super().get_queryset(request).defer("teaser").prefetch_related("bylines__author")
        if request.path == reverse("admin:autocomplete"):
            articles = own.linkable(articles, request.user, at=now_of(request))
        else:
            articles = own.visible(articles, request.user)
        # The state in the list depends on the moment of the request.
        return articles.annotate(asked_at=Value(now_of(request), output_field=DateTimeField()))

    @admin.display(description="state", ordering="status")
    def state(self, article: Article) -> str:
        at: datetime = article.asked_at  # type: ignore[attr-defined]
        word = in_words(article, at=at) if article.is_being_written else in_words(article, at=at).split()[0]
        waiting = article.is_scheduled(at=at) and article.published_at
        rest = f" in {timeuntil(waiting, at, depth=1)}" if waiting else ""
        return format_html('<span class="state state--{}">{}{}</span>', article.status, word, rest)

    @admin.display(description="kind", ordering="kicker")
    def kind(self, article: Article) -> str:
        return article.get_kicker_display()

    @admin.display(description="published", ordering="published_at")
    def published(self, article: Article) -> datetime | None:
        return article.published_at if article.status == Article.Status.PUBLISHED else None

    @admin.display(description="authors")
    def names(self, article: Article) -> str:
        return ", ".join(str(byline) for byline in article.bylines.all())

    # --- Who may what -------------------------------------------------------------------------------

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Whether this person may decide what the public sees."""
        return request.user.has_perm("articles.publish_article")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and own.may_begin(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        if not super().has_change_permission(request, obj) or (obj and not own.is_own(obj, request.user)):
            return False
        # To change what is published is to publish; and what is ready stays as it was read.
        is_open = obj is None or obj.status in (Article.Status.DRAFT, Article.Status.REVIEW)
        return is_open or self.has_publish_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        if obj and not own.is_own(obj, request.user):
            return False
        return super().has_delete_permission(request, obj) and (obj is None or obj.published_at is None)

    # --- Writing ------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        """What is public can be corrected in public, and a note that is open be ticked off."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self._has_open_notes(obj):
            fieldsets = tuple(
                (name, {**about, "fields": [field for field in about["fields"] if field != "done"]})
                for name, about in fieldsets
            )
        is_out = obj is not None and obj.is_published(at=now_of(request))
        return (fieldsets[0], self.corrections_fieldset, *fieldsets[1:]) if is_out else fieldsets

    @staticmethod
    def _has_open_notes(article: Article) -> bool:
        # Asked twice for a page: for the form and for what stands around it.
        if not hasattr(article, "has_open_notes"):
            article.has_open_notes = article.steps.open_notes().exists()  # type: ignore[attr-defined]
        return bool(article.has_open_notes)  # type: ignore[attr-defined]

    @admin.display(description="corrected so far")
    def corrected_so_far(self, article: Article) -> str:
        return corrections.listed(article)

    @admin.display(description="so far")
    def story(self, article: Article) -> str:
        return workflow.story(article) if article.pk else "Nothing so far."

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> Any:
        """What leads the front page is the chief editor’s."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.has_perm("articles.change_frontversion") else (*fields, "leads_front")

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.now, form.user = now_of(request), request.user
        return form

    def get_prepopulated_fields(self, request: HttpRequest, obj: Article | None = None) -> dict[str, Any]:
        return {} if obj else {"slug": ["headline"]}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "hero":
            kwargs["widget"] = PicturePicker(db_field.remote_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Sections and related articles are not made in passing.
            field.widget = field.widget.widget
        return field

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        article = kwargs.get("obj")
        if hasattr(context["media"], "with_nonce"):
            context["media"] = context["media"].with_nonce(str(request.csp_nonce))  # type: ignore[attr-defined]
        context["may_publish"] = self.has_publish_permission(request)
        context["state"] = in_words(article, at=now_of(request)) if article else "New, not saved yet"
        context["is_live"] = bool(article and article.status == Article.Status.PUBLISHED)
        context["is_withdrawn"] = bool(article and article.status == Article.Status.WITHDRAWN)
        context["may_withdraw"] = request.user.has_perm("articles.withdraw_article")
        context["is_out"] = bool(article and article.is_published(at=now_of(request)))
        context |= (
            self._desk_of(request, article, context) if article and self.has_change_permission(request, article) else {}
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def _desk_of(self, request: HttpRequest, article: Article, context: dict[str, Any]) -> dict[str, Any]:
        """What the frame of the page says besides the form: who writes, how far it has come, what may be pressed."""
        hold = holding.of_page(request, article) if request.method == "GET" else {}
        if hold:
            context["adminform"].form.initial["holds"] = hold["token"]
        embargo = article.embargo_until if article.is_embargoed(at=now_of(request)) else None
        pressable = {verb: workflow.may_press(verb, article, request.user) for verb in workflow.VERBS}
        return {"hold": hold, "embargo": embargo, "may": pressable, "is_written": article.is_being_written}

    def save_model(self, request: HttpRequest, obj: Article, form: ModelForm, change: bool) -> None:
        """Write it, and keep the old address where readers may have it."""
        slug, was = obj.slug, form.initial.get("slug")
        if change and was and obj.published_at:
            obj.slug = was
        if change:
            versions.keep_what_was(obj)
            holding.settle(form, request)  # type: ignore[arg-type]
        if obj.status == Article.Status.PUBLISHED and form.goes_public_at:  # type: ignore[attr-defined]
            # The new moment and the new embargo are kept together, or the database would refuse.
            obj.published_at = form.goes_public_at  # type: ignore[attr-defined]
        obj.write(form.cleaned_data["text"])
        obj.move_to(slug)
        if obj.is_published(at=now_of(request)):
            self._correct(request, obj, form.cleaned_data)

    def _correct(self, request: HttpRequest, article: Article, typed: dict[str, Any]) -> None:
        """Add the note that was typed, if any, with a line in the log."""
        if note := " ".join(typed["correction"].split()):
            said, now = typed["it_said"].strip(), typed["it_says_now"].strip()
            article.correct(note, by=request.user, at=now_of(request), said=said, says_now=now)
            self.log_change(request, article, f"Corrected: {note}")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.sign(own.signing(form.cleaned_data["signed_by"], request.user))
        versions.keep(form.instance, request=request)
        notes.tick_those(form, request)
        workflow.note_what_was_planned(form, request, is_new=not change)
        if said := workflow.carry_out(form, request):
            self.log_change(request, form.instance, said)

    # --- Afterwards ---------------------------------------------------------------------------------

    def response_add(self, request: HttpRequest, obj: Article, post_url_continue: str | None = None) -> HttpResponse:
        return self._back_to_the_page(request, obj)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        return self._back_to_the_page(request, obj)

    def _back_to_the_page(self, request: HttpRequest, article: Article) -> HttpResponse:
        verb = request.POST.get("verb", "")
        messages.success(request, workflow.said_to(verb, article, at=now_of(request)))
        if not self.has_view_permission(request, article):
            return HttpResponseRedirect(reverse("admin:articles_article_changelist"))
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))

    # --- Its other pages ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("add/preview/", self.preview, name="articles_article_preview_new"),
            path("<int:article_id>/preview/", self.preview, name="articles_article_preview"),
            path("<int:article_id>/withdraw/", wrap(self.withdraw), name="articles_article_withdraw"),
            path("<int:article_id>/put-back/", wrap(self.put_back), name="articles_article_put_back"),
            *self._own_pages(),
            *super().get_urls(),
        ]

    def _own_pages(self) -> list[URLPattern]:
        """Pages with files of their own: each is given the desk, the request and what the address names."""

        def own_page(address: str, name: str, view: Any) -> URLPattern:
            wrapped = self.admin_site.admin_view(partial(view, self))
            return path(f"<int:article_id>/{address}", wrapped, name=f"articles_article_{name}")

        one = "versions/<int:version_number>/"
        return [
            own_page("holding/", "holding", posted(holding.beat)),
            own_page("take-over/", "take_over", posted(holding.take_over)),
            own_page("versions/", "versions", versions.listed),
            own_page(one, "version", versions.side_by_side),
            own_page(f"{one}restore/", "restore", posted(versions.restore)),
            own_page("notes/<int:note_id>/done/", "note_done", posted(notes.tick_off)),
            own_page("share/", "share", sharing.page),
            own_page("share/<int:link_id>/end/", "end_share", posted(sharing.end)),
        ]

    def preview(self, request: Request, article_id: int | None = None) -> HttpResponse:
        """The page as a reader would see it: what is saved (GET), or what is typed and not saved (POST)."""
        return preview.answer(self, request, article_id)

    def withdraw(self, request: HttpRequest, article_id: int) -> HttpResponse:
        """Take a published article back for good, with a reason."""
        return corrections.withdraw(self, request, article_id)

    def put_back(self, request: HttpRequest, article_id: int) -> HttpResponse:
        """Undo a withdrawal."""
        return corrections.put_back(request, self, article_id)

    def keep(self, request: HttpRequest, form: ArticleForm, change: bool) -> Article:
        """Do what pressing "Save draft" does to the database."""
        article = self.save_form(request, form, change=change)
        self.save_model(request, article, form, change)
        self.save_related(request, form, [], change)
        return article

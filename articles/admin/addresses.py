"""Where old links lead: the addresses that articles had before, here and on another site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import DateTimeField, QuerySet, Value
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.utils.safestring import SafeString

from articles.models import Article, FormerAddress, OldAddress, Section
from edge.desk import UpToAPoint
from edge.http import now_of


class FormerAddressForm(forms.ModelForm):
    """The last part of an address, and the article it leads to."""

    def clean_slug(self) -> str:
        """Raises ValidationError where an article stands there now: it would never be led on."""
        slug: str = self.cleaned_data["slug"]
        if there := Article.objects.filter(slug=slug).first():
            raise forms.ValidationError(f"“{there}” stands there now. Give it another address first.")
        return slug


class OldAddressForm(forms.ModelForm):
    """A path of the site before this one, pasted whole if you like, and the article it leads to."""

    def clean_path(self) -> str:
        """As it is kept. Raises ValidationError where no path is left, or a page of this site stands there."""
        path = OldAddress.plain(self.cleaned_data["path"])
        if not path:
            raise forms.ValidationError("Write the part after the name of the site, such as /2019/05/the-bridge/.")
        if words := _stands_at(path):
            raise forms.ValidationError(words)
        return path


def _stands_at(path: str) -> str:
    """What stands under a path of this site, in words; empty where nothing does, or nothing that is known before."""
    try:
        found = resolve(f"/{path}/")
    except Resolver404:
        return ""
    slug = found.kwargs.get("slug", "")
    if found.url_name == "article" and (there := Article.objects.filter(slug=slug).first()):
        return f"“{there}” stands there now. Give it another address first."
    if found.url_name == "section" and Section.objects.filter(slug=found.kwargs.get("section", "")).exists():
        return "A section of this site stands there."
    return "" if found.kwargs else "A page of this site stands there."


class _AddressAdmin(admin.ModelAdmin):
    """A list of addresses with where each leads. They are asked only where no page stands."""

    list_select_related = ("article__section",)
    autocomplete_fields = ("article",)
    show_full_result_count = False
    # A site that moved once brings as many as it has articles.
    paginator = UpToAPoint
    ordering = ("-pk",)

    @admin.display(description="leads to")
    def leads_to(self, row: Any) -> SafeString:
        article: Article = row.article
        is_seen = article.is_published(at=row.asked_at) or article.status == Article.Status.WITHDRAWN
        words = article.get_absolute_url() if is_seen else "nothing, until it is published"
        return format_html('{} <small class="desk-quiet">{}</small>', article, words)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(asked_at=Value(now_of(request), output_field=DateTimeField()))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.base_fields["article"].help_text = "Type some words of its headline."
        return form


@admin.register(FormerAddress)
class FormerAddressAdmin(_AddressAdmin):
    """Addresses on this site: one is kept by itself whenever an article that was public gets another."""

    form = FormerAddressForm
    list_display = ("slug", "leads_to")
    search_fields = ("slug", "article__headline")
    search_help_text = "Part of the address, or of the headline."


@admin.register(OldAddress)
class OldAddressAdmin(_AddressAdmin):
    """Addresses on the site before this one, kept when its articles were brought in, or added here."""

    form = OldAddressForm
    list_display = ("__str__", "leads_to")
    search_fields = ("path", "article__headline")
    search_help_text = "Part of the address, or of the headline."

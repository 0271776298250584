"""May this reader read this article, from there, now? The desk's page that answers for anybody and anything."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from articles.models import Article
from articles.paywall import Access, reading_of
from edge.address import Address, parsed
from edge.http import Request
from edge.visitor import Visitor
from readers.models import User
from subscriptions.access import entitlement_for
from subscriptions.answer import answer_for

IN_WORDS = {
    Access.FREE: "Everybody reads all of it: it has no wall.",
    Access.ENTITLED: "They read all of it.",
    Access.LOCKED: "They read its beginning, and then the wall.",
}


class WhyForm(forms.Form):
    """Who, what and from where; each may be left out."""

    reader = forms.EmailField(
        required=False,
        help_text="Empty: somebody who is not logged in.",
        widget=forms.EmailInput({"class": "vTextField"}),
    )
    article = forms.CharField(
        max_length=500,
        required=False,
        help_text="Its address on the site.",
        widget=forms.TextInput({"class": "vTextField"}),
    )
    place = forms.CharField(
        max_length=60,
        required=False,
        label="Network address",
        help_text="Where they read from, if it is about a network.",
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_reader(self) -> Any:
        """The account. Raises ValidationError where there is none."""
        email = self.cleaned_data["reader"].strip().lower()
        if not email:
            return AnonymousUser()
        reader = User.objects.filter(email=email).first()
        if reader is None:
            raise forms.ValidationError("Nobody has an account at this address.")
        return reader

    def clean_article(self) -> Article | None:
        """The article. Raises ValidationError where none is published there."""
        slug = urlsplit(self.cleaned_data["article"].strip()).path.strip("/").rpartition("/")[2]
        if not slug:
            return None
        article = Article.objects.published(at=self.now).filter(slug=slug).first()
        if article is None:
            raise forms.ValidationError("No article stands at this address now.")
        return article

    def clean_place(self) -> Address | None:
        """The network address. Raises ValidationError where it is none."""
        text = self.cleaned_data["place"].strip()
        place = parsed(text) if text else None
        if text and place is None:
            raise forms.ValidationError("This is no network address. It looks like 192.0.2.7 or 2001:db8::7.")
        return place


@require_safe
def why(request: Request) -> HttpResponse:
    """The page. Raises PermissionDenied for those who may not see readers."""
    if not request.user.has_perm("readers.view_user"):
        raise PermissionDenied
    form = WhyForm(request.GET or None, now=request.now)
    context: dict[str, Any] = {"form": form, "title": "Why can they read this?", **admin.site.each_context(request)}
    if form.is_valid():
        visitor = Visitor(form.cleaned_data["reader"], address=form.cleaned_data["place"])
        context |= {"answer": answer_for(visitor, at=request.now), "reader": form.cleaned_data["reader"]}
        if article := form.cleaned_data["article"]:
            reading = reading_of(article, entitlement_for(visitor, at=request.now))
            context |= {"article": article, "verdict": IN_WORDS[reading.access]}
    return TemplateResponse(request, "admin/why.html", context)

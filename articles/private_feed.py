"""The feed with full texts, for one subscriber: at an address that ends with the subscription, or on request."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from edge.http import Request
from subscriptions.access import entitlement_for

from .feeds import ITEMS, Channel, entry_of
from .models import Article, PrivateFeed
from .models.gift import hash_of, new_token
from .paywall import texts_for_feed


@require_safe
def feed(request: Request, token: str, form: str) -> HttpResponse:
    """The newest articles in full. An address that was ended, or whose reader is no longer entitled, is not found."""
    found = PrivateFeed.objects.find(token)
    entitlement = entitlement_for(found.reader, at=request.now) if found else None
    if entitlement is None:
        raise Http404
    newest = Article.objects.published(at=request.now).newest_first().for_teasers()
    articles = list(newest.prefetch_related("corrections")[:ITEMS])
    texts = texts_for_feed(articles, entitlement)
    entries = tuple(entry_of(article, texts[article.pk]) for article in articles)
    address = reverse("private_feed", args=[token, form])
    about = f"Full articles, for one subscriber of {settings.SITE_NAME} only"
    response = Channel(settings.SITE_NAME, about, "/", address, entries).answer(form)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@login_required
def mine(request: Request) -> HttpResponse:
    """Whether I have such a feed, and how to get one."""
    return _page(request)


@require_POST
@login_required
def make(request: Request) -> HttpResponse:
    """Make a new address, in the place of the one before; it is shown this once."""
    if entitlement_for(request.user, at=request.now) is None:
        messages.info(request, _("A feed with full articles is for subscribers."))
        return redirect("my_feed")
    token = new_token()
    values = {"token_hash": hash_of(token), "made_at": request.now}
    PrivateFeed.objects.update_or_create(reader=request.user, defaults=values)
    return _page(request, token=token, status=201)


@require_POST
@login_required
def end(request: Request) -> HttpResponse:
    """End it: its address is not found any more."""
    PrivateFeed.objects.filter(reader=request.user).delete()
    messages.success(request, _("The feed has ended: its address leads nowhere any more."))
    return redirect("my_feed")


def _page(request: Request, *, token: str = "", status: int = 200) -> HttpResponse:
    context = {
        "feed": PrivateFeed.objects.filter(reader=request.user).first(),
        "is_entitled": entitlement_for(request.user, at=request.now) is not None,
        "addresses": [settings.SITE_URL + reverse("private_feed", args=[token, form]) for form in ("xml", "json")]
        if token
        else [],
    }
    return render(request, "articles/private_feed.html", context, status=status)

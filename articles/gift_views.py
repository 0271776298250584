"""Giving an article away, opening what was given, and the list of one's gifts."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from edge.caching import counts_as
from edge.http import Request, is_fetched_ahead, is_opened_by_somebody
from subscriptions.access import entitlement_for

from . import gifts
from .article_page import article_page
from .models import Article, GiftLink
from .paywall import reading_of_gift
from .results import label_of


@require_safe
def opened(request: Request, token: str) -> HttpResponse:
    """The article that was given, in full; a gift that has ended leads to what everyone sees."""
    if is_fetched_ahead(request):
        # Refused, so that the browser asks again once somebody opens it: only that is a use of the gift.
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    link = GiftLink.objects.of_token(token)
    if link is None:
        raise Http404
    article = Article.objects.published(at=request.now).for_reading().filter(pk=link.article_id).first()
    if article is None:
        return redirect(get_object_or_404(Article.objects.withdrawn().select_related("section"), pk=link.article_id))
    reading = reading_of_gift(article, link, at=request.now)
    if reading is None:
        return render(request, "articles/gift_over.html", {"article": article}, status=410)
    if is_opened_by_somebody(request):
        link.was_opened()
    page = article_page(article, reading, reader=request.user, at=request.now)
    context = {"page": page, "article": article, "reading": reading, "here": article.section, "gift": link}
    counts_as(request, label_of(article, reading))
    response = render(request, "articles/article.html", context | {"payment_trouble": None})
    response["X-Robots-Tag"] = "noindex"
    return response


@require_POST
@login_required
def give(request: Request) -> HttpResponse:
    """Make a gift of an article; only for those who may read it themselves."""
    pk = request.POST.get("article", "")
    published = Article.objects.published(at=request.now).select_related("section")
    article = get_object_or_404(published, pk=pk if pk.isdecimal() and len(pk) < 19 else 0)
    if entitlement_for(request.user, at=request.now) is None:
        messages.info(request, _("Giving articles away is for subscribers."))
        return redirect(article)
    try:
        given = gifts.give(request.user, article, at=request.now)
    except gifts.NoGiftsLeft:
        messages.info(request, _("You have given all your gifts of this month. The next ones come with the first day."))
        return redirect(article)
    return render(request, "articles/gift_made.html", {"given": given, "article": article}, status=201)


@require_safe
@login_required
def mine(request: Request) -> HttpResponse:
    """What I gave away, how often it was opened, and a way to end each gift."""
    given = GiftLink.objects.filter(giver=request.user).select_related("article__section", "giver")[:100]
    context = {
        "gifts": [(link, link.is_open(at=request.now)) for link in given],
        "left": gifts.gifts_left(request.user, at=request.now),
    }
    return render(request, "articles/gifts.html", context)


@require_POST
@login_required
def revoke(request: Request, pk: int) -> HttpResponse:
    """End one of my gifts."""
    get_object_or_404(GiftLink, giver=request.user, pk=pk).revoke(at=request.now)
    messages.success(request, _("The gift has ended: its link opens nothing any more."))
    return redirect("gifts")

"""The pages whose cost must not grow with the house: addresses in a filled database, and who asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from articles.models import Article, Author, Section, Topic
from articles.river import place_of
from groups.models import Manager, Seat
from readers.models import User
from subscriptions.models import Subscription

STRANGER, SUBSCRIBER, SEATED, MANAGER, STAFF = "stranger", "subscriber", "seat", "manager", "staff"
LISTS = (
    "articles/article", "articles/author", "articles/brief", "articles/picture", "articles/topic",
    "readers/user", "readers/letter", "readers/consent", "readers/addresschange",
    "subscriptions/subscription", "subscriptions/contract", "subscriptions/notice", "subscriptions/stripeevent",
    "subscriptions/refund", "subscriptions/grant", "subscriptions/purchase", "subscriptions/reconciliation",
    "groups/groupaccount", "groups/seat", "groups/manager", "groups/groupinvoice", "groups/enquiry",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A page, and the person who asks for it."""

    who: str
    path: str


def people() -> dict[str, Any]:
    """Somebody of each kind; None is a stranger."""
    staff = User.objects.get(pk=1)
    User.objects.filter(pk=1).update(is_staff=True, is_superuser=True)
    return {
        STRANGER: None,
        SUBSCRIBER: Subscription.objects.filter(status="active").order_by("pk")[0].reader,
        SEATED: Seat.objects.filter(group=1).order_by("pk")[0].reader,
        MANAGER: Manager.objects.get(group=1).reader,
        STAFF: staff,
    }


def pages(*, at: datetime) -> Iterator[Asked]:
    """All of them."""
    newest = Article.objects.published(at=at).newest_first().select_related("section")
    article, deep = newest[0], deep_in(Article.objects.published(at=at))
    section = Section.objects.order_by("pk")[1]
    here = section.get_absolute_url()
    inside = f"?before={deep_in(section.articles.published(at=at))}"
    month = f"/archive/{deep[:4]}/{deep[5:7]}/"
    rare = article.headline.partition(":")[0]
    yield from (Asked(STRANGER, path) for path in (
        "/", here, here + inside, "/latest/", f"/latest/?before={deep}", "/investigations/", "/archive/", month,
        f"{month}?before={deep}", "/briefs/", article.get_absolute_url(), "/feed.xml", f"{here}feed.xml",
        "/sitemap.xml", "/sitemap-news.xml", f"/search/?q={rare}",
    ))  # fmt: skip
    for rows, place in ((Author, "authors"), (Topic, "topics")):
        for pk in (1, rows.objects.count()):
            one: Any = rows.objects.get(pk=pk)
            address = one.get_absolute_url()
            assert place in address, address
            yield Asked(STRANGER, address)
            yield Asked(STRANGER, f"{address}?before={deep_in(one.articles.published(at=at))}")
    for who in (SUBSCRIBER, SEATED):
        yield from (Asked(who, path) for path in ("/", article.get_absolute_url(), "/account/", f"/search/?q={rare}"))
    yield from (Asked(SUBSCRIBER, path) for path in ("/account/saved/", "/account/contracts/", "/account/devices/"))
    yield Asked(MANAGER, "/group/1/")
    yield Asked(MANAGER, "/group/1/people/")
    yield from (Asked(STAFF, f"/admin/{name}/") for name in LISTS)
    yield Asked(STAFF, "/admin/")
    yield Asked(STAFF, "/admin/state/")
    yield Asked(STAFF, "/admin/readers/user/?q=reader77@")
    yield Asked(STAFF, "/admin/subscriptions/subscription/?q=reader77@")
    yield Asked(STAFF, "/admin/why/?q=reader77@example.org")
    yield Asked(STAFF, "/admin/articles/article/?p=2")
    yield Asked(STAFF, f"/admin/articles/article/?q={rare}")
    yield Asked(STAFF, f"/admin/articles/article/{article.pk}/change/")
    yield Asked(STAFF, "/admin/readers/user/77/change/")


def deep_in(rows: Any) -> str:
    """The name of a place that nineteen in twenty rows lie before."""
    ordered = rows.newest_first()
    count = ordered.count()
    return place_of(ordered[count * 19 // 20])

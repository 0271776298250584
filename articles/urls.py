"""The pages of the news. The last patterns catch everything else, so nothing may come after them."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter, StringConverter

from . import (
    crawlers,
    feeds,
    gift_views,
    live_views,
    looking_ahead,
    media,
    oembed,
    offline,
    private_feed,
    share_views,
    sitemaps,
    views,
)


class FeedForm(StringConverter):
    """How a feed is written: RSS or JSON Feed."""

    regex = "xml|json"


class MonthNumber(IntConverter):
    """A month of the year, with two digits."""

    regex = "0[1-9]|1[0-2]"

    def to_url(self, value: int | str) -> str:
        return f"{int(value):02}"


class YearNumber(IntConverter):
    """A year that a calendar of ours knows."""

    regex = "[12][0-9]{3}"


register_converter(FeedForm, "feed_form")
register_converter(MonthNumber, "month")
register_converter(YearNumber, "year")

urlpatterns = [
    path("", views.front, name="front"),
    path("latest/", views.latest, name="latest"),
    path("briefs/", views.briefs, name="briefs"),
    path("investigations/", views.investigations, name="investigations"),
    path("live/", live_views.coverages, name="live_coverages"),
    path("live/<slug:slug>/", live_views.coverage, name="live"),
    path("live/<slug:slug>/new.json", live_views.new, name="live_new"),
    path("live/<slug:slug>/feed.<feed_form:form>", live_views.feed, name="live_feed"),
    path("archive/", views.archive, name="archive"),
    path("archive/<year:year>/<month:month>/", views.archive_month, name="archive_month"),
    path("search/", views.search, name="search"),
    path("search/suggestions/", views.suggestions, name="suggestions"),
    path("topics/<slug:slug>/", views.topic, name="topic"),
    path("topics/<slug:slug>/feed.<feed_form:form>", feeds.topic_feed, name="topic_feed"),
    path("authors/<slug:slug>/feed.<feed_form:form>", feeds.author_feed, name="author_feed"),
    path("briefs/feed.<feed_form:form>", feeds.briefs_feed, name="briefs_feed"),
    path("corrections/feed.<feed_form:form>", feeds.corrections_feed, name="corrections_feed"),
    path("authors/<slug:slug>/", views.author, name="author"),
    path("authors/<slug:slug>/key.asc", views.author_key, name="author_key"),
    path("partners/notices/", views.partner_notices, name="partner_notices"),
    path("partners/<int:pk>/", views.partner_notice, name="partner_notice"),
    path("shared/<str:token>/", share_views.shared, name="shared"),
    path("gift/", gift_views.give, name="give"),
    path("gift/<str:token>/", gift_views.opened, name="gift"),
    path("account/gifts/", gift_views.mine, name="gifts"),
    path("account/gifts/<int:pk>/end/", gift_views.revoke, name="revoke_gift"),
    path("account/feed/", private_feed.mine, name="my_feed"),
    path("account/feed/new/", private_feed.make, name="make_feed"),
    path("account/feed/end/", private_feed.end, name="end_feed"),
    path("feeds/<str:token>.<feed_form:form>", private_feed.feed, name="private_feed"),
    path(".well-known/tdmrep.json", crawlers.reservation, name="reservation"),
    path("media/cards/<int:pk>-<str:digest>.jpg", media.card, name="card"),
    path("media/pictures/<str:name>", media.picture, name="picture"),
    path("feed.<feed_form:form>", feeds.site_feed, name="site_feed"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-pages.xml", sitemaps.pages, name="sitemap_of_pages"),
    path("sitemap-news.xml", sitemaps.news, name="sitemap_of_news"),
    path("sitemap-<int:year>.xml", sitemaps.year, name="sitemap_of_year"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("oembed", oembed.oembed, name="oembed"),
    path("speculation-rules.json", looking_ahead.rules, name="looking_ahead"),
    path("worker.js", offline.worker, name="worker"),
    path("offline/", offline.page, name="offline"),
    path("offline/kept.json", offline.kept, name="kept"),
    path("<slug:section>/feed.<feed_form:form>", feeds.section_feed, name="section_feed"),
    path("<slug:section>/", views.section, name="section"),
    path("<slug:section>/<slug:slug>/", views.article, name="article"),
]

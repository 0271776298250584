"""What Prometheus is told: money, readers, and what waits. Counted when it asks, never on the way.

Whatever process answers, the numbers are the same: they come from the database, and failed sign-ins from the cache.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from articles.models import ArticleDay
from articles.models.results import COUNTS
from edge.http import Request
from subscriptions.models import CheckoutAttempt, StripeEvent, Subscription

from . import sign_in_failures, state

LAG = timedelta(hours=1)


@require_safe
def metrics(request: Request) -> HttpResponse:
    """The page, for whoever brings METRICS_TOKEN as a bearer; 404 for everyone else, and where none is set."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Site(request.now))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Site(Collector):
    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        yield from self._concerns()
        yield self._subscriptions()
        yield self._today()
        yield self._webhook_lag()
        yield self._checkouts()
        failed, words = sign_in_failures.last_hour(at=self._at), "Tries to sign in that failed in an hour"
        yield GaugeMetricFamily("newsroom_sign_ins_failed_last_hour", words, value=failed)
        if last := state.last_backup():
            age = (self._at - last).total_seconds()
            yield GaugeMetricFamily("newsroom_backup_age_seconds", "Since the newest backup was begun", value=age)

    def _concerns(self) -> Iterator[Metric]:
        many = GaugeMetricFamily("newsroom_waiting", "How many wait or failed", labels=["what"])
        old = GaugeMetricFamily("newsroom_waiting_seconds", "Since when the oldest of them does", labels=["what"])
        for concern in state.concerns(at=self._at):
            many.add_metric([concern.name], concern.count)
            old.add_metric([concern.name], concern.age(at=self._at))
        yield from (many, old)

    def _subscriptions(self) -> Metric:
        family = GaugeMetricFamily("newsroom_subscriptions", "Subscriptions by Stripe's status", labels=["status"])
        for status, count in Subscription.objects.order_by().values_list("status").annotate(Count("pk")):
            family.add_metric([status], count)
        return family

    def _today(self) -> Metric:
        family = GaugeMetricFamily("newsroom_articles_today", "Of articles today, in Brussels", labels=["what"])
        today = ArticleDay.objects.filter(day=localdate(self._at))
        for name, value in today.aggregate(**{one: Sum(one) for one in COUNTS}).items():
            family.add_metric([name], value or 0)
        return family

    def _webhook_lag(self) -> Metric:
        """The longest that an event of the last hour waited between its arrival and its handling."""
        events = StripeEvent.objects.filter(handled_at__gt=self._at - LAG).values_list("received_at", "handled_at")
        longest = max((handled - received for received, handled in events if handled), default=timedelta(0))
        words = "Longest between arrival and handling of an event of Stripe's, last hour"
        return GaugeMetricFamily("newsroom_webhook_lag_seconds", words, value=longest.total_seconds())

    def _checkouts(self) -> Metric:
        begun = CheckoutAttempt.objects.filter(started_at__gt=self._at - timedelta(days=1)).count()
        return GaugeMetricFamily("newsroom_checkouts_begun_last_day", "Orders begun in 24 hours", value=begun)

"""What became of an article, in numbers: one row for each day on which somebody opened it. Nobody is in it."""

from typing import ClassVar

from django.db import models
from django.db.models import Sum

from .article import Article

COUNTS = ("opened", "wall_met", "checkouts", "trials", "paid")


class ArticleDayQuerySet(models.QuerySet["ArticleDay"]):
    """Many days of articles."""

    def totals(self) -> dict[str, int]:
        """Each count, all together."""
        return {name: value or 0 for name, value in self.aggregate(**{name: Sum(name) for name in COUNTS}).items()}


class ArticleDay(models.Model):
    """How often an article was opened on a day (Brussels), and what came of it."""

    personal_data = None

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    wall_met = models.PositiveIntegerField(default=0, help_text="Times it ended at the wall.")
    checkouts = models.PositiveIntegerField(default=0, help_text="Orders begun from its wall.")
    trials = models.PositiveIntegerField(default=0, help_text="Free trials that began with such an order.")
    paid = models.PositiveIntegerField(default=0, help_text="Of such orders, paid: after the trial, or at once.")

    objects: ClassVar[ArticleDayQuerySet] = ArticleDayQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["day"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["article", "day"], name="one_row_per_article_and_day")]

    def __str__(self) -> str:
        return f"{self.article_id} on {self.day}"

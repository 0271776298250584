"""Machines that read the site for those who build and run language models, and what each of them may do."""

from typing import ClassVar

from django.db import models


class CrawlerQuerySet(models.QuerySet["Crawler"]):
    """Many crawlers."""

    def kept_out(self) -> "CrawlerQuerySet":
        """Those that robots.txt asks to stay away."""
        return self.filter(may_read=False)


class Crawler(models.Model):
    """One crawler, by the name it answers to in robots.txt. It never sees more than any visitor without an account."""

    personal_data = None

    class Purpose(models.TextChoices):
        TRAINING = "training", "Trains models"
        SEARCH = "search", "Finds answers and links to them"
        READER = "reader", "Reads a page because a person asked"

    name = models.CharField(max_length=60, unique=True, help_text="Its user agent, as robots.txt names it.")
    operator = models.CharField(max_length=60)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    may_read = models.BooleanField(
        "may read teasers", default=False, help_text="Without this, robots.txt asks it to stay away from every page."
    )

    objects: ClassVar[CrawlerQuerySet] = CrawlerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["operator", "name"]

    def __str__(self) -> str:
        return self.name

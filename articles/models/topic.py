"""What an article is about, across the sections: methane, elections, the Baltic."""

from datetime import datetime
from typing import ClassVar

from django.apps import apps
from django.db import models
from django.urls import reverse


class TopicQuerySet(models.QuerySet["Topic"]):
    """Many topics."""

    def with_articles(self, *, at: datetime) -> "TopicQuerySet":
        """Those of which the public can read something at that moment; the others nobody may learn of."""
        published = apps.get_model("articles", "Article").objects.published(at=at)
        return self.filter(models.Exists(published.filter(topics=models.OuterRef("pk"))))


class Topic(models.Model):
    """A subject with a page of its own."""

    personal_data = None

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    about = models.CharField(max_length=300, blank=True, help_text="One or two sentences at the top of its page.")

    objects: ClassVar[TopicQuerySet] = TopicQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.slug])

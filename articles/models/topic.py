"""What an article is about, across the sections: methane, elections, the Baltic."""

from django.db import models
from django.urls import reverse


class Topic(models.Model):
    """A subject with a page of its own."""

    personal_data = None

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    about = models.CharField(max_length=300, blank=True, help_text="One or two sentences at the top of its page.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.slug])

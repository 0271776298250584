"""A section of the paper: climate, economy, opinion."""

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

# First parts of addresses that belong to other pages of the site.
RESERVED = frozenset(
    {
        "about",
        "accessibility",
        "account",
        "accounts",
        "admin",
        "archive",
        "ask",
        "authors",
        "brand",
        "briefs",
        "cancel",
        "checkout",
        "contact",
        "corrections",
        "de",
        "dev",
        "en",
        "favicon.ico",
        "feed",
        "feeds",
        "fr",
        "gift",
        "group",
        "health",
        "healthz",
        "investigations",
        "latest",
        "live",
        "log-in",
        "media",
        "metrics",
        "newsletters",
        "nl",
        "oembed",
        "offline",
        "on-site",
        "ownership",
        "pages",
        "partners",
        "plans",
        "privacy",
        "readyz",
        "robots.txt",
        "search",
        "shared",
        "sign-in",
        "sign-on",
        "sitemap.xml",
        "statements",
        "static",
        "stripe",
        "students",
        "subscribe",
        "terms",
        "topics",
        "withdraw",
    }
)


def not_reserved(slug: str) -> None:
    """Raise ValidationError where the address belongs to another page of the site."""
    if slug in RESERVED:
        raise ValidationError(f"“{slug}” is the address of another page of the site.")


class Section(models.Model):
    """A desk and its page."""

    personal_data = None

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True, validators=[not_reserved])
    remit = models.CharField(max_length=200, blank=True, help_text="One line under the name of the section.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the masthead.")
    is_opinion = models.BooleanField(default=False, help_text="Set apart from reporting on the front page.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("section", args=[self.slug])

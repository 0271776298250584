"""Who wrote it."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Persons


class Author(models.Model):
    """A name under a headline, with a page of its own."""

    personal_data = PersonalData(
        what=_("Authors"),
        purpose=_("To say who wrote an article, and how to reach them."),
        basis=Basis.INTEREST,
        persons=Persons.AUTHORS,
        on_deletion=Keep(why=_("Whoever wrote an article stands under it.")),
    )

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    role = models.CharField(max_length=120, blank=True, help_text="Such as: Climate correspondent.")
    bio = models.TextField(blank=True)
    email = models.EmailField(blank=True, help_text="Shown on the author's page.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("author", args=[self.slug])

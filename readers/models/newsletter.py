"""The newsletters a reader can choose: data of the newsroom, not of the program."""

from django.db import models


class Newsletter(models.Model):
    """One newsletter, as the page of newsletters offers it. Sending is not the site's business yet."""

    personal_data = None

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True, help_text="Never changed once somebody has chosen it.")
    rhythm = models.CharField(max_length=80, help_text="When it comes: “Weekdays, 06:45.”")
    about = models.CharField(max_length=200, help_text="What is in it, in one sentence.")
    position = models.PositiveSmallIntegerField(default=0, help_text="The smallest stands first.")
    is_offered = models.BooleanField("offered", default=True, help_text="Off: nobody new can choose it.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def purpose(self) -> str:
        """How a consent to it is called."""
        return f"newsletter:{self.slug}"

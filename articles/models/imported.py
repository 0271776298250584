"""Where articles and pictures came from when they were brought in from elsewhere, and the addresses they had there."""

from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from django.db import models

from .article import Article, FullText
from .picture import Picture

LONGEST_PATH = 500


class ImportedArticle(models.Model):
    """One record of a source that was taken in, so that it never is again; also where the article is gone since."""

    personal_data = None

    source = models.CharField(max_length=100, help_text="Such as: the host of the site it stood on.")
    source_id = models.CharField(max_length=300, help_text="What the source calls it.")
    digest = models.CharField(max_length=64, help_text="A hash of what the source said.")
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="came_from")
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "source_id"], name="each_record_is_taken_in_once")]

    def __str__(self) -> str:
        return f"{self.source_id} of {self.source}"


class ImportedPicture(models.Model):
    """A picture of a source that is in the library, so that it is fetched and kept once."""

    personal_data = None

    key = models.CharField(max_length=64, unique=True, help_text="A hash of the source and the address there.")
    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.picture)


class OldAddressQuerySet(models.QuerySet["OldAddress"]):
    """Many old addresses."""

    def leading_from(self, path: str) -> "OldAddressQuerySet":
        """Those of that path, however it is written."""
        return self.filter(path=OldAddress.plain(path))


class OldAddress(models.Model):
    """A path under which an article stood on another site; whoever comes by it is led on."""

    personal_data = None

    path = models.CharField(max_length=LONGEST_PATH, unique=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="old_addresses")

    objects: ClassVar[OldAddressQuerySet] = OldAddressQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "address of another site"
        verbose_name_plural = "addresses of another site"

    def __str__(self) -> str:
        return f"/{self.path}"

    @staticmethod
    def plain(address: str) -> str:
        """The path of an address as it is kept: in letters, in lower case, without slashes at its ends."""
        return unquote(urlsplit(address.replace("\\", "/")).path).replace("\x00", "").strip("/ ").lower()


def whole_texts(articles: Iterable[Article]) -> dict[int, str]:
    """The whole text of each article by its key: for the newsroom's own copy, and for no reader."""
    return dict(FullText.objects.filter(article__in=list(articles)).values_list("article_id", "html"))

"""The renditions that pages show in the end: made in the background, since weighing them takes seconds."""

import logging

from . import pictures
from .models import Picture

# So many at a time that letters and payments, which wait for the same worker, do not wait long.
AT_A_TIME = 6
log = logging.getLogger(__name__)


def make_waiting() -> tuple[int, int]:
    """Make the renditions of the newest pictures that wait for them; returns how many, and how many are left.

    May be run twice: it writes the same files. A picture that cannot be read keeps its first ones and waits no more.
    """
    waiting = Picture.objects.with_old_renditions()
    chosen = list(waiting.order_by("-pk")[:AT_A_TIME])
    for picture in chosen:
        try:
            picture.make_renditions()
        except (pictures.BadPicture, FileNotFoundError) as error:
            log.warning("Picture %s keeps its first renditions: %s", picture.pk, error)
            Picture.objects.filter(pk=picture.pk).update(edition=pictures.EDITION)
    return len(chosen), waiting.count()

"""Where uploads are kept: in folders, and under each name a whole file or none, whatever ends the one who writes it."""

import errno
import os
from contextlib import suppress
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils.crypto import get_random_string

# What a file is called while it is written. Nothing is ever served under such a name (articles/media.py).
UNFINISHED = ".part"
# What file systems say that know no second name for a file.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS}


class WholeFiles(FileSystemStorage):
    """Django's own storage writes under the final name, and a full disk or a killed process leaves half a file there.

    Here a name is given once the content has reached the disk.
    """

    def _save(self, name: str, content: Any) -> str:
        folder = os.path.dirname(name)
        beside = os.path.join(folder, f"{get_random_string(20)}{UNFINISHED}")
        try:
            self._reach_the_disk(super()._save(beside, content))  # type: ignore[misc]
            return self._named(beside, name)
        finally:
            with suppress(OSError):
                os.unlink(self.path(beside))

    def _reach_the_disk(self, name: str) -> None:
        file = os.open(self.path(name), os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def _named(self, beside: str, name: str) -> str:
        """Give it its name, or another one where somebody was quicker. Returns it."""
        while True:
            try:
                os.link(self.path(beside), self.path(name))
            except FileExistsError:
                name = self.get_available_name(name)
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                os.rename(self.path(beside), self.path(name))
                return name
            else:
                return name

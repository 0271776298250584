"""The site itself, as Django knows it."""

from django.apps import AppConfig


class NewsroomConfig(AppConfig):
    """The site itself."""

    name = "newsroom"
    verbose_name = "Machine room"

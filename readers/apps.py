from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import pre_save


class ReadersConfig(AppConfig):
    name = "readers"
    verbose_name = "Readers"

    def ready(self) -> None:
        """allauth stores devices; how little of them is kept is ours to say."""
        from allauth.usersessions.models import UserSession

        from . import devices, signing_out

        pre_save.connect(devices.keep_little, sender=UserSession)
        user_logged_in.connect(devices.note_login)
        user_logged_out.connect(signing_out.note)

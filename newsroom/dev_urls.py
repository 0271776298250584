"""Development only; not routed in production."""

from django.urls import path

from . import dev

urlpatterns = [
    path("mail/", dev.mails, name="dev_mails"),
    path("mail/clear/", dev.clear, name="dev_mail_clear"),
    path("mail/<str:name>/", dev.mail, name="dev_mail"),
    path("mail/<str:name>/html/", dev.mail_html, name="dev_mail_html"),
]

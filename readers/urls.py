"""What keeps an account safe; under the reader's own account."""

from django.urls import path

from . import views

urlpatterns = [
    path("security/", views.security, name="security"),
    path("security/passkey/", views.passkey_accept, name="passkey_accept"),
    path("security/passkey/later/", views.passkey_later, name="passkey_later"),
]

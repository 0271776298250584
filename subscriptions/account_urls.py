"""The reader's own account."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.account, name="account"),
]

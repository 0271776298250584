"""The pages about single sign-on, for readers and for their IT."""

from django.urls import path

from . import sign_on_views

urlpatterns = [
    path("", sign_on_views.find, name="find_sign_on"),
    path("<slug:slug>/", sign_on_views.start, name="sign_on"),
    path("<slug:slug>/set-up/", sign_on_views.set_up, name="sign_on_set_up"),
]

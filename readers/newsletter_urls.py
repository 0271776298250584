"""The newsletters: what there is, how to get it, and the way out of each."""

from django.urls import path

from . import choice_views as views

urlpatterns = [
    path("", views.newsletters, name="newsletters"),
    path("sign-up/", views.newsletters_sign_up, name="newsletters_sign_up"),
    path("stop/<str:token>/", views.stop_choice, name="stop_choice"),
]

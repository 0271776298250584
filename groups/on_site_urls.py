"""Reading on the premises of an organisation, and away from them with a pass."""

from django.urls import path

from . import on_site_views

urlpatterns = [
    path("", on_site_views.premises, name="on_site"),
    path("here/", on_site_views.here, name="on_site_here"),
    path("pass/", on_site_views.ask_pass, name="ask_off_site_pass"),
    path("pass/<str:token>/", on_site_views.off_site_pass, name="off_site_pass"),
]

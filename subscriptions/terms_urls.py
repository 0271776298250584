"""What we promise each other."""

from django.urls import path

from . import terms_views as views

urlpatterns = [
    path("", views.terms, name="terms"),
    path("<slug:name>/", views.terms_version, name="terms_version"),
]

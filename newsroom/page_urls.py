"""The standing pages: who we are, and the small print. The newsletters have theirs in readers/newsletter_urls.py."""

from django.urls import path

from . import pages

urlpatterns = [
    *(
        path(f"{slug}/", pages.page, {"slug": slug}, name=slug)
        for slug in ("about", "ownership", "contact", "privacy", "accessibility", "partners")
    ),
    path("corrections/", pages.corrections, name="corrections"),
    path("pages/<slug:slug>/", pages.added_page, name="page"),
]

"""The standing pages: who we are, and the small print."""

from django.urls import path

from . import pages

urlpatterns = [
    path("about/", pages.page, {"name": "about"}, name="about"),
    path("ownership/", pages.page, {"name": "ownership"}, name="ownership"),
    path("contact/", pages.page, {"name": "contact"}, name="contact"),
    path("corrections/", pages.page, {"name": "corrections"}, name="corrections"),
    path("privacy/", pages.page, {"name": "privacy"}, name="privacy"),
    path("accessibility/", pages.page, {"name": "accessibility"}, name="accessibility"),
    path("partners/", pages.page, {"name": "partners"}, name="partners"),
]

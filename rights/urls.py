"""What a reader may ask for by right, signed in or not."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

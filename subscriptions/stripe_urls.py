"""Where Stripe knocks."""

from django.urls import path

from . import stripe_views as views

urlpatterns = [path("webhook/", views.webhook, name="stripe_webhook")]

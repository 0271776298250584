"""Going to pay, and coming back."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.plans, name="plans"),
    path("confirm/", views.confirm, name="confirm"),
    path("order/", views.order, name="order"),
    path("return/", views.come_back, name="come_back"),
]

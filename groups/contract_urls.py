"""What was agreed and is owed: the quote, the invoice, and the contract on the manager's page."""

from django.urls import path

from . import contract_views as views

urlpatterns = [
    path("quote/<str:token>/", views.quote, name="group_quote"),
    path("quote/<str:token>/accept/", views.accept, name="group_accept"),
    path("<int:group_id>/contract/", views.contract, name="group_contract"),
    path("invoice/<str:token>/", views.invoice, name="group_invoice"),
]

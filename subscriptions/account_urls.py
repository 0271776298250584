"""The reader's own account."""

from django.urls import path

from . import account_views as views
from . import contract_views as contracts

urlpatterns = [
    path("", views.account, name="account"),
    path("cancel/", views.cancel, name="cancel"),
    path("cancelled/", views.cancelled, name="cancelled"),
    path("end-now/", views.end_now, name="end_now"),
    path("keep/", views.keep, name="keep"),
    path("switch/", views.switch, name="switch"),
    path("pause/", views.pause, name="pause"),
    path("resume/", views.resume, name="resume"),
    path("card/", views.card, name="card"),
    path("pay/", views.pay, name="pay"),
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/portal/", views.portal, name="portal"),
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/<str:number>/", contracts.contract, name="contract"),
    path("contracts/<str:number>/download/", contracts.download, name="contract_download"),
    path("back/", views.back, name="back_from_portal"),
]

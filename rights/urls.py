"""What a reader may ask for by right, signed in or not."""

from django.urls import path

from . import own_data, statement_views

urlpatterns = [
    path("account/data/", own_data.data, name="own_data"),
    path("account/data/download/", own_data.download, name="download_data"),
    path("account/delete/", own_data.delete, name="delete_account"),
    path("privacy/retention/", own_data.retention_page, name="retention"),
    path("withdraw/", statement_views.withdraw, name="withdraw"),
    path("withdraw/confirm/", statement_views.confirm_withdrawal, name="confirm_withdrawal"),
    path("cancel/", statement_views.cancel, name="cancel_help"),
    path("statements/<str:token>/", statement_views.statement, name="statement"),
    path("statements/<str:token>/cancel/", statement_views.cancel_instead, name="cancel_instead"),
    path("statements/<str:token>/not-me/", statement_views.was_not_me, name="was_not_me"),
]

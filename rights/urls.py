"""What a reader may ask for by right, signed in or not."""

from django.urls import path

from . import own_data

urlpatterns = [
    path("account/data/", own_data.data, name="own_data"),
    path("account/data/download/", own_data.download, name="download_data"),
    path("account/delete/", own_data.delete, name="delete_account"),
    path("privacy/retention/", own_data.retention_page, name="retention"),
]

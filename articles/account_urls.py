"""The reader's own lists, under the reader's own account."""

from django.urls import path

from . import saved_views as views

urlpatterns = [
    path("saved/", views.saved, name="saved"),
    path("saved/all/remove/", views.remove_all, name="remove_all_saved"),
    path("saved/<int:pk>/save/", views.save, name="save"),
    path("saved/<int:pk>/remove/", views.remove, name="remove_saved"),
    path("history/", views.history, name="history"),
    path("history/all/forget/", views.forget_all, name="forget_all_opened"),
    path("history/<int:pk>/forget/", views.forget, name="forget_opened"),
]

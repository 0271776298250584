"""The pages of the news. The last two patterns catch everything else, so nothing may come after them."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.front, name="front"),
    path("search/", views.search, name="search"),
    path("authors/<slug:slug>/", views.author, name="author"),
    path("<slug:section>/", views.section, name="section"),
    path("<slug:section>/<slug:slug>/", views.article, name="article"),
]

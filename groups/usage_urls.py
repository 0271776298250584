"""What a group read."""

from django.urls import path

from . import usage_views

urlpatterns = [
    path("<int:group_id>/reading/", usage_views.reading, name="group_reading"),
    path("<int:group_id>/reading.csv", usage_views.reading_csv, name="group_reading_csv"),
    path("<int:group_id>/reading-counter.csv", usage_views.counter_csv, name="group_reading_counter"),
]

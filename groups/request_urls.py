"""Asking us for something, and being a student."""

from django.urls import path

from . import asking_views, student_views

urlpatterns = [
    path("ask/", asking_views.ask, name="ask"),
    path("ask/sent/", asking_views.asked, name="asked"),
    path("students/", asking_views.students, name="students"),
    path("account/student/", student_views.student, name="student"),
    path("account/student/code/", student_views.code, name="student_code"),
    path("account/student/code/again/", student_views.new_code, name="student_new_code"),
    path("account/student/document/", student_views.document, name="student_document"),
    path("account/student/drop/", student_views.drop, name="student_drop"),
    path("account/student/order/", student_views.order, name="student_order"),
    path("account/student/back/", student_views.back, name="student_back"),
]

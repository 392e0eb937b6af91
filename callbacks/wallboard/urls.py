"""Addresses under /wallboard/."""

from django.urls import path

from callbacks.wallboard import views

app_name = "wallboard"
urlpatterns = [
    path("<str:token>/", views.page, name="page"),
    path("<str:token>/now/", views.now, name="now"),
]

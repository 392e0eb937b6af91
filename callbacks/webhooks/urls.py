"""Addresses that the provider posts to."""

from django.urls import re_path

from callbacks.webhooks import views

# With or without the final slash: a redirect would turn the provider's POST into a GET.
urlpatterns = [
    re_path(r"^voicenter/(?P<secret>[^/]+)/cdr/?$", views.cdr, name="voicenter-cdr"),
    re_path(r"^voicenter/(?P<secret>[^/]+)/popup/?$", views.popup, name="voicenter-popup"),
]

"""The public addresses: pages and API."""

from django.urls import path, re_path

from leads import api, views

app_name = "leads"
urlpatterns = [
    path("", views.home, name="home"),
    # With and without the final slash: Django's usual redirect would turn a POST into a GET.
    re_path(r"^contact/(?P<slug>[-a-zA-Z0-9_]+)$", views.contact_without_slash),
    path("contact/<slug:slug>/", views.contact, name="contact"),
    path("contact/<slug:slug>/<uuid:public_id>/", views.status, name="status"),
    path("contact/<slug:slug>/<uuid:public_id>/challenge/", views.solve, name="solve"),
    path(
        "contact/<slug:slug>/<uuid:public_id>/never-call/",
        views.never_call_again,
        name="never-call",
    ),
    re_path(r"^api/leads/?$", api.create),
    path("api/leads/", api.create, name="api-create"),
    re_path(r"^api/leads/(?P<public_id>[^/]+)/?$", api.status),
    path("api/leads/<str:public_id>/", api.status, name="api-status"),
    re_path(r"^api/", api.nothing_here),
]

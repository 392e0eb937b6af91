"""The public addresses: pages and API.

A visitor's pages are there twice: below contact/, and in the frame of the widget below widget/
(leads.widget.urls). Their templates name them as "leads:...", which leads to the same kind of page
as the one that is shown.
"""

from django.urls import include, path, re_path

from leads import api, views
from leads.widget import views as widget_views

# What comes after contact/, and after widget/.
VISITORS = [
    path("<slug:slug>/", views.contact, name="contact"),
    path("<slug:slug>/<uuid:public_id>/", views.status, name="status"),
    path("<slug:slug>/<uuid:public_id>/challenge/", views.solve, name="solve"),
    path("<slug:slug>/<uuid:public_id>/never-call/", views.never_call_again, name="never-call"),
]

app_name = "leads"
urlpatterns = [
    path("", views.home, name="home"),
    # With and without the final slash: Django's usual redirect would turn a POST into a GET.
    re_path(r"^contact/(?P<slug>[-a-zA-Z0-9_]+)$", views.contact_without_slash),
    path("contact/", include(VISITORS)),
    path("widget.js", widget_views.script, name="widget-script"),
    re_path(r"^api/leads/?$", api.create),
    path("api/leads/", api.create, name="api-create"),
    re_path(r"^api/leads/(?P<public_id>[^/]+)/?$", api.status),
    path("api/leads/<str:public_id>/", api.status, name="api-status"),
    re_path(r"^api/", api.nothing_here),
]

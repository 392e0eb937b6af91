"""The public addresses: pages and API.

A visitor's pages exist twice: below contact/, and for the widget's frame below widget/
(leads.widget.urls). Templates name them "leads:...", which leads to a page of the same kind as the
current one.
"""

from django.urls import include, path, re_path

from leads import api, feedback_views, status_views, views
from leads.branding import views as branding_views
from leads.widget import views as widget_views

# The part after contact/ and after widget/.
VISITORS = [
    path("<slug:slug>/", views.contact, name="contact"),
    path("<slug:slug>/understood/", views.understood, name="understood"),
    path("<slug:slug>/<uuid:public_id>/", status_views.status, name="status"),
    path("<slug:slug>/<uuid:public_id>/challenge/", status_views.solve, name="solve"),
    # The acts of leads.acts.Act, by name.
    path("<slug:slug>/<uuid:public_id>/time/", status_views.time, name="time"),
    path("<slug:slug>/<uuid:public_id>/number/", status_views.number, name="number"),
    path("<slug:slug>/<uuid:public_id>/not-mine/", status_views.not_mine, name="not-mine"),
    path("<slug:slug>/<uuid:public_id>/cancel/", status_views.cancel, name="cancel"),
    path("<slug:slug>/<uuid:public_id>/feedback/", feedback_views.answer, name="feedback"),
    path(
        "<slug:slug>/<uuid:public_id>/never-call/",
        status_views.never_call_again,
        name="never-call",
    ),
]

app_name = "leads"
urlpatterns = [
    path("", views.home, name="home"),
    # With and without the final slash: Django's usual redirect would turn a POST into a GET.
    re_path(r"^contact/(?P<slug>[-a-zA-Z0-9_]+)$", views.contact_without_slash),
    path("contact/", include(VISITORS)),
    path("colours/<slug:colour>.css", branding_views.colours, name="colours"),
    path("logos/<slug:digest>/", branding_views.logo, name="logo"),
    path("widget.js", widget_views.script, name="widget-script"),
    re_path(r"^api/leads/?$", api.create),
    path("api/leads/", api.create, name="api-create"),
    re_path(r"^api/leads/(?P<public_id>[^/]+)/?$", api.status),
    path("api/leads/<str:public_id>/", api.status, name="api-status"),
    re_path(r"^api/", api.nothing_here),
]

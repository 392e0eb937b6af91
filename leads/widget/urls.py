"""The addresses below widget/: the visitor's pages for the frame, and what the frame asks for."""

from django.urls import path

from leads import api
from leads.urls import VISITORS
from leads.widget import views

app_name = "leads"
urlpatterns = [
    path("<slug:slug>/settings/", views.settings, name="widget-settings"),
    *VISITORS,
    path("api/leads/<str:public_id>/", api.status, name="api-status"),
]

"""All URLs of the project."""

from django.contrib import admin
from django.urls import include, path, re_path

from callbacks.admin.leads.number_page import number_page
from callbacks.admin.privacy.person_page import person_page
from callbacks.admin.teams.preview import who_rings_page
from callbacks.exports.views import export_progress
from callbacks.lateness.replay_page import replay_page
from callbacks.lateness.views import lateness_page
from callbacks.monitoring.views import healthz, metrics, readyz
from callbacks.reports.export_page import callback_times_export
from callbacks.reports.salespeople.export import people_export
from callbacks.reports.salespeople.views import people_page
from callbacks.reports.views import callback_times_page
from callbacks.subscriptions.views import unsubscribe

urlpatterns = [
    path(
        "admin/reports/callback-times/",
        admin.site.admin_view(callback_times_page),
        name="callback-times",
    ),
    path(
        "admin/reports/callback-times/export/",
        admin.site.admin_view(callback_times_export),
        name="callback-times-export",
    ),
    path("admin/reports/people/", admin.site.admin_view(people_page), name="people-report"),
    path(
        "admin/reports/people/export/",
        admin.site.admin_view(people_export),
        name="people-report-export",
    ),
    path(
        "admin/exports/<slug:ticket>/",
        admin.site.admin_view(export_progress),
        name="export-progress",
    ),
    path("admin/reports/lateness/", admin.site.admin_view(lateness_page), name="lateness"),
    path("admin/reports/replay/", admin.site.admin_view(replay_page), name="replay"),
    path(
        "admin/reports/replay/<uuid:key>/", admin.site.admin_view(replay_page), name="replay-result"
    ),
    path("admin/who-rings/", admin.site.admin_view(who_rings_page), name="who-rings"),
    re_path(
        r"^admin/number/(?P<digits>[1-9][0-9]{6,14})/$",
        admin.site.admin_view(number_page),
        name="number",
    ),
    path("admin/person/", admin.site.admin_view(person_page), name="person"),
    path("admin/", admin.site.urls),
    path("desk/", include("callbacks.desk.urls")),
    path("sign-in/", include("callbacks.signin.urls")),
    path("mail/unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("wallboard/", include("callbacks.wallboard.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("webhooks/", include("callbacks.webhooks.urls")),
    path("widget/", include("leads.widget.urls", namespace="widget")),
    path("", include("leads.urls")),
]

handler400 = "leads.error_pages.bad_request"
handler500 = "leads.error_pages.server_error"

"""The admin as an application, with our own site: every page of it asks who is signed in."""

from django.contrib.admin.apps import AdminConfig as DjangosAdminConfig


class AdminConfig(DjangosAdminConfig):
    default_site = "callbacks.signin.admin_site.Site"

"""The admin application with our own site, which checks on every page who is signed in."""

from django.contrib.admin.apps import AdminConfig as DjangosAdminConfig


class AdminConfig(DjangosAdminConfig):
    default_site = "callbacks.signin.admin_site.Site"

"""How the admin looks: the settings of its theme, django-unfold."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Callbacks",
    "SITE_HEADER": "Callbacks",
    "SITE_SYMBOL": "phone_callback",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "callbacks.admin.navigation.icon"}
    ],
    "STYLES": ["callbacks.admin.navigation.colors", "callbacks.admin.navigation.stylesheet"],
    "DASHBOARD_CALLBACK": "callbacks.admin.dashboard.add_overview",
    "ACCOUNT": {"navigation": "callbacks.admin.navigation.account_links"},
    "SIDEBAR": {"navigation": "callbacks.admin.navigation.groups"},
    # They are in static/admin_extra/colors.css: pages have no inline styles (callbacks.config.csp).
    "COLORS": lambda _request: {},
}

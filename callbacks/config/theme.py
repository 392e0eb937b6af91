"""How the admin looks: the settings of its theme, django-unfold."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Callbacks",
    "SITE_HEADER": "Callbacks",
    "SITE_SYMBOL": "phone_callback",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "callbacks.admin.navigation.icon"}
    ],
    "STYLES": ["callbacks.admin.navigation.stylesheet"],
    "DASHBOARD_CALLBACK": "callbacks.admin.dashboard.add_overview",
    "SIDEBAR": {"navigation": "callbacks.admin.navigation.groups"},
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .018 235)",
            "100": "oklch(94.5% .035 235)",
            "200": "oklch(89% .065 235)",
            "300": "oklch(81% .105 235)",
            "400": "oklch(71% .14 238)",
            "500": "oklch(62% .155 242)",
            "600": "oklch(52% .15 245)",
            "700": "oklch(45% .13 246)",
            "800": "oklch(39% .11 246)",
            "900": "oklch(34% .09 246)",
            "950": "oklch(25% .07 246)",
        },
    },
}

import pytest
from django.test import override_settings

from callbacks.config.sign_in_checks import check_sign_in

GOOD = {
    "DEBUG": False,
    "HTTPS": True,
    "SIGN_IN_KEYS": ["k" * 60],
    "SECOND_FACTOR_GROUPS": ["Owners"],
    "SESSION_IDLE": 72.0,
    "SESSION_LONGEST": 336.0,
    "DEAR_SESSION_IDLE": 2.0,
    "DEAR_SESSION_LONGEST": 12.0,
    "OIDC_ISSUER": "",
}
SINGLE = {
    "OIDC_ISSUER": "https://id.example.com",
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "https://id.example.com/authorize",
    "OIDC_OP_TOKEN_ENDPOINT": "https://id.example.com/token",
    "OIDC_OP_USER_ENDPOINT": "https://id.example.com/userinfo",
    "OIDC_OP_JWKS_ENDPOINT": "https://id.example.com/keys",
    "OIDC_RP_CLIENT_ID": "callbacks",
    "OIDC_RP_CLIENT_SECRET": "s" * 40,
    "OIDC_DOMAINS": ["example.com"],
}
CASES = [
    ("all is well", {}, []),
    ("a short key among good ones", {"SIGN_IN_KEYS": ["k" * 60, "short"]}, ["E063"]),
    ("a short key while working on the code", {"SIGN_IN_KEYS": ["unset"], "DEBUG": True}, []),
    ("no second factor on a site", {"SECOND_FACTOR_GROUPS": []}, ["W061"]),
    ("no second factor in a demo", {"SECOND_FACTOR_GROUPS": [], "HTTPS": False}, []),
    ("a session without time", {"DEAR_SESSION_IDLE": 0.0}, ["E064"]),
    ("unused for longer than at all", {"SESSION_IDLE": 400.0}, ["E064"]),
    ("no number", {"SESSION_LONGEST": float("nan")}, ["E064"]),
    ("single sign-on", SINGLE, []),
    ("any domain may sign in", SINGLE | {"OIDC_DOMAINS": []}, ["E062"]),
    (
        "tokens in the clear",
        SINGLE | {"OIDC_OP_TOKEN_ENDPOINT": "http://id.example.com/"},
        ["E062"],
    ),
    ("dear ones last longer", {"DEAR_SESSION_IDLE": 80.0, "DEAR_SESSION_LONGEST": 90.0}, ["E064"]),
]


@pytest.mark.parametrize(
    ("changed", "numbers"), [it[1:] for it in CASES], ids=[it[0] for it in CASES]
)
def test_what_is_said_of_settings(changed: dict[str, object], numbers: list[str]) -> None:
    with override_settings(**GOOD | changed):
        found = check_sign_in(None)
    assert [str(it.id).removeprefix("callbacks.") for it in found] == numbers
    assert all(it.hint for it in found)

"""An OpenID Connect provider on 127.0.0.1: code flow with PKCE, tokens signed with RS256.

It enforces the protocol: a code counts once, with its verifier and the client's secret. A test can
change the person's claims and those in the token.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "callbacks", "a-secret-of-the-client-0123456789"


class Provider:
    """`person`: the claims. `token`: claims that replace those in the ID token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.person: dict[str, Any] = {
            "sub": "42", "email": "dana@example.com", "email_verified": True,
        }  # fmt: skip
        self.token: dict[str, Any] = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with = self.key
        self.refused: list[str] = []
        self.is_broken = False
        self._codes: dict[str, dict[str, str]] = {}
        self._access: set[str] = set()

    def settings(self) -> dict[str, Any]:
        """Settings for a site that uses it."""
        return {
            "OIDC_ISSUER": self.url,
            "OIDC_OP_AUTHORIZATION_ENDPOINT": f"{self.url}/authorize",
            "OIDC_OP_TOKEN_ENDPOINT": f"{self.url}/token",
            "OIDC_OP_USER_ENDPOINT": f"{self.url}/userinfo",
            "OIDC_OP_JWKS_ENDPOINT": f"{self.url}/keys",
            "OIDC_RP_CLIENT_ID": CLIENT,
            "OIDC_RP_CLIENT_SECRET": SECRET,
            "OIDC_DOMAINS": ["example.com"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """The address that the browser is sent back to after the person agreed."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert asked["state"]
        assert asked["nonce"]
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def tokens(self, sent: dict[str, str]) -> dict[str, str] | None:
        """The tokens for a code; None if something is wrong, which `refused` names."""
        asked = self._codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None:
            self.refused.append("code")
        elif (sent.get("client_id"), sent.get("client_secret")) != (CLIENT, SECRET):
            self.refused.append("client")
        elif challenge != asked["code_challenge"]:
            self.refused.append("verifier")
        elif sent.get("redirect_uri") != asked["redirect_uri"]:
            self.refused.append("redirect_uri")
        else:
            access = secrets.token_urlsafe(16)
            self._access.add(access)
            claims = {
                "iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "nonce": asked["nonce"],
                "iat": int(time.time()), "exp": int(time.time()) + 60,
            }  # fmt: skip
            claims |= self.token
            claims = {name: value for name, value in claims.items() if value is not None}
            signed = jwt.encode(claims, self.signs_with, "RS256", headers={"kid": "one"})
            return {"access_token": access, "id_token": signed, "token_type": "Bearer"}
        return None

    def claims(self, authorization: str) -> dict[str, Any] | None:
        """The claims of the person with this access token."""
        return self.person if authorization.removeprefix("Bearer ") in self._access else None

    def keys(self) -> dict[str, Any]:
        """The public key, as a JWKS."""
        algorithm = jwt.algorithms.RSAAlgorithm
        key = json.loads(algorithm.to_jwk(self.key.public_key()))
        return {"keys": [key | {"kid": "one", "alg": "RS256", "use": "sig"}]}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", it.authorize(_first(parse_qs(parts.query))))
                self.end_headers()
            elif parts.path == "/userinfo":
                self._answer(it.claims(self.headers.get("Authorization", "")))
            else:
                self._answer(it.keys())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(None if it.is_broken else it.tokens(_first(parse_qs(body))))

        def _answer(self, document: dict[str, Any] | None) -> None:
            body = json.dumps(document or {"error": "invalid"}).encode()
            self.send_response(400 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _first(found: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in found.items()}

"""An identity provider on this machine: OpenID Connect over HTTP, and SAML answers, both signed with real keys."""

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Saml

CLIENT, SECRET = "viaduct", "a-secret-of-the-client"


@cache
def a_key(name: str) -> rsa.RSAPrivateKey:
    """A key; another name gives another key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OpenIDProvider:
    """Says of whoever comes what `claims` hold; every request it gets is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.claims: dict[str, Any] = {"sub": "ana-1", "email": "ana@harbour.example", "email_verified": True}
        self.userinfo: dict[str, Any] | None = None
        self.signed_with = "theirs"
        self.issuer = url
        self.audience = CLIENT
        self.lasts = 300
        self.challenges: dict[str, str] = {}

    def configuration(self) -> dict[str, Any]:
        """What is found at the well-known address."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        """The public key."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(a_key("theirs").public_key()))
        return {"keys": [key | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def id_token(self) -> str:
        """Who came, signed."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + self.lasts, **self.claims}
        return jwt.encode(claims, a_key(self.signed_with), algorithm="RS256", headers={"kid": "one"})

    def code_for(self, authorize_url: str) -> str:
        """Somebody logs in there: the code that they bring back."""
        asked = parse_qs(urlsplit(authorize_url).query)
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = asked["code_challenge"][0]
        return code

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """A code for a token: once, with the right secret, and only from who began."""
        challenge = self.challenges.pop(form["code"][0], "")
        digest = hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest()
        proves = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if form.get("client_secret") != [SECRET] or not proves:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": self.id_token()}


@contextlib.contextmanager
def an_open_id_provider() -> Iterator[OpenIDProvider]:
    """One that listens on a free port of this machine."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            found = {
                "/.well-known/openid-configuration": provider.configuration,
                "/keys": provider.keys,
                "/userinfo": lambda: provider.userinfo or provider.claims,
            }
            self._say(200, found[path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(*provider.token(parse_qs(body)))

        def _say(self, status: int, what: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(what).encode())

        def log_message(self, *what: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    provider = OpenIDProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


# --- SAML ------------------------------------------------------------------------------------------------

ENTITY = "https://idp.harbour.example/metadata"


@cache
def a_certificate(name: str) -> str:
    """The certificate of a key, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.harbour.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(a_key(name).public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(a_key(name), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def a_saml_answer(
    *,
    to: str,
    audience: str,
    in_response_to: str,
    email: str = "ana@harbour.example",
    signed_with: str = "theirs",
    entity: str = ENTITY,
    is_signed: bool = True,
    minutes: int = 5,
) -> str:
    """A response in base64, its assertion signed, as a browser carries it."""
    now = datetime.now(UTC)
    at, until, since = (
        f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (now, now + timedelta(minutes=minutes), now - timedelta(minutes=9))
    )
    names = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    assertion = (
        f'<saml:Assertion {names} ID="_a1" Version="2.0" IssueInstant="{at}"><saml:Issuer>{entity}</saml:Issuer>'
        '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ana-1</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
        f'NotOnOrAfter="{until}" Recipient="{to}" InResponseTo="{in_response_to}"/></saml:SubjectConfirmation>'
        f'</saml:Subject><saml:Conditions NotBefore="{since}" NotOnOrAfter="{until}"><saml:AudienceRestriction>'
        f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{at}" SessionIndex="_s1"><saml:AuthnContext><saml:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
        '</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>'
        f"{email}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"
    )
    if is_signed:
        key = a_key(signed_with).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        assertion = Saml.add_sign(assertion, key.decode(), a_certificate(signed_with)).decode()
    response = (
        f'<samlp:Response {names} ID="_r1" Version="2.0" IssueInstant="{at}" Destination="{to}" '
        f'InResponseTo="{in_response_to}"><saml:Issuer>{entity}</saml:Issuer><samlp:Status><samlp:StatusCode '
        f'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>'
    )
    return base64.b64encode(response.encode()).decode()

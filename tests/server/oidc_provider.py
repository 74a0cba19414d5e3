"""A provider of OpenID Connect as a process of its own: oidc-provider-mock, with the two flows that it lacks.

``python oidc_provider.py PORT`` serves at 127.0.0.1. Below ``/test`` it takes other public keys, says how often each
path was asked for, and can be told to be out of order.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from collections import Counter

import flask
import jwt
import oidc_provider_mock
import werkzeug.serving
from cryptography.hazmat.primitives.asymmetric import rsa

SUBJECTS = {"alice": "Alice Liddell", "bob": "Bob"}


def new_key():
    """Return an id, a private key and its public JSON Web Key."""
    private = rsa.generate_private_key(65537, 2048)
    name = secrets.token_hex(4)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return name, private, public | {"kid": name, "use": "sig", "alg": "RS256"}


class Provider:
    """What the mock does not have."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.key, self.private, public = new_key()
        self.own_keys = self.keys = [public]
        self.counts = Counter()
        self.devices = {}
        self.names = {}
        self.broken = False

    def intercept(self):
        """Answer in the mock's place, or leave it to it."""
        request = flask.request
        self.counts[request.path] += 1
        if self.broken and not request.path.startswith("/test/"):
            return "out of order", 503
        grant = request.form.get("grant_type", "")
        match request.path:
            case "/.well-known/openid-configuration":
                return self.configuration()
            case "/jwks":
                return {"keys": self.keys}
            case "/oauth2/device":
                return self.begin_device(request.form)
            case "/oauth2/token" if grant == "client_credentials":
                return self.client_credentials(request)
            case "/oauth2/token" if grant.endswith("device_code"):
                return self.device_token(request.form)
            case "/userinfo" if (token := request.headers.get("Authorization", "").split()[-1]) in self.names:
                return self.names[token]
            case path if path.startswith("/test/"):
                return self.control(path.removeprefix("/test/"), request.get_json(silent=True))
        return None

    def configuration(self):
        """Return the discovery document."""
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/oauth2/authorize",
            "token_endpoint": f"{self.issuer}/oauth2/token",
            "device_authorization_endpoint": f"{self.issuer}/oauth2/device",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "grant_types_supported": [
                *("authorization_code", "client_credentials"),
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "code_challenge_methods_supported": ["S256"],
        }
        return flask.jsonify(found)

    def client_credentials(self, request):
        """Return a token of a client itself."""
        login = request.authorization
        name = login.username if login else request.form.get("client_id")
        if (login.password if login else request.form.get("client_secret")) != "client secret":
            return {"error": "invalid_client"}, 401
        return self.tokens(f"service-{name}", name)

    def begin_device(self, form):
        """Return what a person types in elsewhere; the subject that the test asks for does so at once."""
        device = secrets.token_hex(8)
        self.devices[device] = form["code_challenge"], form["client_id"], time.monotonic()
        return {
            "device_code": device,
            "user_code": "ABCD-EFGH",
            "verification_uri": f"{self.issuer}/device",
            "interval": 0.1,
            "expires_in": 60,
        }

    def device_token(self, form):
        """Return a token once the person has agreed."""
        challenge, client, began = self.devices[form["device_code"]]
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return {"error": "invalid_grant"}, 400
        if time.monotonic() - began < 0.2:
            return {"error": "authorization_pending"}, 400
        return self.tokens("alice", client)

    def tokens(self, subject, client):
        """Return signed tokens; who it is, the user info endpoint knows."""
        claims = {"iss": self.issuer, "sub": subject, "iat": int(time.time()), "exp": int(time.time()) + 300}
        extra = {"aud": "account", "azp": client}
        access = jwt.encode(claims | extra, self.private, "RS256", {"kid": self.key})
        identity = jwt.encode(claims | {"aud": client}, self.private, "RS256", {"kid": self.key})
        self.names[access] = {"sub": subject, "name": SUBJECTS.get(subject, subject)}
        return {"access_token": access, "id_token": identity, "token_type": "Bearer", "expires_in": 300}

    def control(self, what, body):
        """Do what a test asks for."""
        match what:
            case "keys":
                self.keys = body or self.own_keys
            case "broken":
                self.broken = body
            case "counts":
                return dict(self.counts)
        return {}


def main(port):
    """Serve."""
    users = [oidc_provider_mock.User(sub=sub, claims={"name": name}) for sub, name in SUBJECTS.items()]
    app = oidc_provider_mock.app(user_claims=users)
    app.before_request(Provider(f"http://127.0.0.1:{port}").intercept)
    server = werkzeug.serving.make_server("127.0.0.1", port, app, threaded=True)
    print(json.dumps({"port": port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""OpenID Connect: who has a token of a provider that the server trusts."""

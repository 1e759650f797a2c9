"""Reads environment variables. A bad value stops the start with its name and what is allowed.

An empty variable counts as unset: compose files and `.env` pass `NAME=` for "the default".
Values of variables that may hold a secret are never repeated in the message.
"""

import json
import re
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_HOST = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?))"
    r"(?P<port>:[1-9][0-9]{0,4})?"
)

TRUE, FALSE = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


class Variables(environ.Env):  # type: ignore[misc]  # it says no types
    """django-environ with loud refusals. Every reader takes the variable's name and its default."""

    def text(self, name: str, default: str) -> str:
        return self.str(name, default="").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, TRUE[0] if default else FALSE[0]).lower()
        if text not in (*TRUE, *FALSE):
            raise refused(name, text, "on or off")
        return text in TRUE

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.text(name, str(default))
        # fullmatch, because int() also takes spaces, underscores and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise refused(name, text, f"a whole number from {least} to {most}")
        return int(text)

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        text = self.text(name, default)
        if text not in allowed:
            raise refused(name, text, f"one of {', '.join(allowed)}")
        return text

    def words(self, name: str, default: Sequence[str]) -> tuple[str, ...]:
        """A list separated by commas; spaces around a word and empty words are left out."""
        parts = (part.strip() for part in self.text(name, ",".join(default)).split(","))
        return tuple(part for part in parts if part)

    def hosts(self, name: str) -> tuple[str, ...]:
        """Hosts separated by commas, each with a port or for every port; none is the default."""
        return tuple(_host(name, word) for word in self.words(name, ()))

    def networks(self, name: str) -> tuple[str, ...]:
        """IP addresses and networks (`172.16.0.0/12`) separated by commas; none is the default."""
        words = self.words(name, ())
        for word in words:
            try:
                ip_network(word)
            except ValueError as error:
                allowed = "IP addresses or networks such as 10.0.0.7, 172.16.0.0/12, fd00::/8"
                raise refused(name, word, allowed) from error
        return words

    def parsed(self, name: str, default: str, parse: Callable[[str], str]) -> str:
        """What `parse` makes of the text; its ValueError says in words what is wrong."""
        text = self.text(name, default)
        try:
            return parse(text)
        except ValueError as error:
            raise refused(name, text, str(error)) from error

    def web_url(self, name: str, default: str) -> str:
        """An absolute http(s) URL, without a slash at its end."""
        url = self.text(name, default).rstrip("/")
        if not _is_web_url(url):
            raise refused(name, url, "an absolute URL such as https://pay.example.com")
        return url

    def node_urls(self, name: str) -> tuple[str, ...]:
        """Absolute http(s) URLs separated by commas. They may hold keys: never repeated."""
        urls = self.words(name, ())
        if not all(_is_web_url(url) for url in urls):
            raise secretly_refused(name, "http:// or https:// URLs, separated by commas")
        if len(set(urls)) != len(urls):
            raise secretly_refused(name, "different URLs: the same node twice is one witness")
        return urls

    def headers(self, name: str) -> dict[str, str]:
        """A JSON object of strings, such as {"X-Api-Key": "…"}."""
        try:
            found: Any = json.loads(self.text(name, "{}"))
        except ValueError as error:
            raise secretly_refused(name, 'a JSON object such as {"X-Api-Key": "…"}') from error
        if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
            raise secretly_refused(name, "a JSON object whose values are strings")
        return found

    def service_url(self, name: str, schemes: Sequence[str]) -> str:
        """The URL of a database or broker, empty where it is unset; it may hold a password."""
        url = self.text(name, "")
        if url and url.partition("://")[0] not in schemes:
            raise secretly_refused(name, " or ".join(f"{scheme}://…" for scheme in schemes))
        return url

    def database(self, url: str) -> dict[str, Any]:
        """Django's settings for `url`; a socket's directory is written as libpq has it, %2Fvar…"""
        found = self.db_url_config(url)
        return {**found, "HOST": unquote(str(found.get("HOST") or ""))}


def refused(name: str, value: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}. Allowed: {allowed}.".replace("..", "."))


def secretly_refused(name: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} has a value that is not allowed. Allowed: {allowed}.")


def _host(variable: str, word: str) -> str:
    """Return a host, perhaps with its port, in the one spelling that others are compared with."""
    parts = _HOST.fullmatch(word)
    try:
        if parts is None:
            raise ValueError(word)
        host = f"[{IPv6Address(parts['six'])}]" if parts["six"] else parts["name"].lower()
    except ValueError as error:
        raise refused(
            variable,
            word,
            "hosts separated by commas, each alone or with its port, such as hooks.internal, "
            "10.0.0.7:8443, [fd00::7]; no URL, no network, no wildcard",
        ) from error
    return host + (parts["port"] or "")


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        return False


def rate(text: str) -> str:
    """Check a rate limit for `Variables.parsed`: `100/second`, `/minute`, `/hour`, or `off`."""
    if text != "off" and not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour)", text):
        raise ValueError("100/second, 600/minute, 9000/hour, or off")
    return text

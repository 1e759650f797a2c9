"""Two web processes to compare: the product's, and Django with DRF alone. For granian:

    granian --interface wsgi tests.flow.web_processes:product
    granian --interface wsgi tests.flow.web_processes:bare

Each answers `/diagnostics` with the modules it has loaded and the memory it takes.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import psutil

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def diagnosing(application: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/diagnostics":
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        memory = psutil.Process().memory_info().rss
        return [json.dumps({"modules": sorted(sys.modules), "memory": memory}).encode()]

    return answer


def _product() -> Wsgi:
    from billing.wsgi import application

    return application


def _bare() -> Wsgi:
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.flow.bare_urls",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        DATABASES={"default": _database()},
        SECRET_KEY="bare",
    )
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def _database() -> dict[str, Any]:
    import environ

    found: dict[str, Any] = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    host = unquote(found.pop("HOST"))  # A socket's directory is written %2Fvar….
    return {**found, "HOST": host, "ENGINE": "django.db.backends.postgresql"}


def __getattr__(name: str) -> Wsgi:
    made = {"product": _product, "bare": _bare}
    if name not in made:
        raise AttributeError(name)
    return diagnosing(made[name]())

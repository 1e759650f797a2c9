"""The product's site and its floor on one web server: granian tests.bench.site:application.

Whatever is under `/bench/` is answered without any middleware.
"""

import logging
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
settings.DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
settings.ROOT_URLCONF = "tests.bench.urls"
django.setup()
logging.disable(logging.INFO)  # one line per act would bury the table

with override_settings(MIDDLEWARE=[]):
    bare = WSGIHandler()
site = WSGIHandler()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    handler = bare if environ["PATH_INFO"].startswith("/bench/") else site
    return handler(environ, start_response)

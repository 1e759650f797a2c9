"""The web server's door: `granian --interface wsgi billing.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")

application = get_wsgi_application()
if settings.TRUSTED_PROXIES:
    # The visitor's own address becomes REMOTE_ADDR, by which they are limited.
    application = wrap_wsgi_with_proxy_headers(application, list(settings.TRUSTED_PROXIES))

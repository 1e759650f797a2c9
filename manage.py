#!/usr/bin/env python
"""Runs the management commands: `help` lists them, `doctor` says what is wrong."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from billing.database.holding import EmbeddedPostgresFailed

    try:
        # Asked for here, since Django would list its commands first and hide a bad variable.
        settings.INSTALLED_APPS  # noqa: B018
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EmbeddedPostgresFailed) as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()

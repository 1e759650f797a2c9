"""What must be done before the system can start: `python -m billing.preparing [demo]`.

One process for all of it, since loading Django takes longer than each of these has to do.
Prints what `demo --json` prints, or an empty object.
"""

import io
import logging
import os
import sys


def main(*, is_demo: bool) -> int:
    """Migrate, collect the static files and, where asked, load the demonstration once."""
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.db import Error as DatabaseError

    from billing.database.holding import EmbeddedPostgresFailed

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    told = io.StringIO("{}")
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if is_demo:
            # It plays every state, alarms included: lines in the log would frighten for nothing.
            logging.disable(logging.CRITICAL)
            call_command("demo", "--json", stdout=told)
    except (ImproperlyConfigured, DatabaseError, EmbeddedPostgresFailed) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(told.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main(is_demo="demo" in sys.argv[1:]))

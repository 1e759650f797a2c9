"""python -m tests.bench [create] [lists] … [worker] [--rows N] [--json]; SOAK=1: the full counts"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache

import django

from tests.bench.figures import Figure, as_json, as_table
from tests.webhooks.receiver import CERTIFICATE

NAMES = (
    "create", "checkouts", "lists", "reconcile", "rpc", "settling", "deposits", "indexing",
    "worker", "webhooks", "sealing", "import", "admin", "accounting", "check",
)  # fmt: skip


def main() -> int:
    arguments = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    os.environ["API_RATE_LIMIT"] = "off"
    # Read when aiohttp is loaded, which web3 does too: live webhooks go to https alone.
    os.environ["SSL_CERT_FILE"] = str(CERTIFICATE)
    django.setup()
    logging.disable(logging.INFO)  # One line per act would bury the table.

    from tests.bench.place import own_database

    figures = []
    with own_database():
        for name, bench in _benches(arguments.rows).items():
            if not arguments.names or name in arguments.names:
                print(f"{name} …", file=sys.stderr, flush=True)
                found = bench()
                figures += found
                # Told at once too: what a later one breaks is not lost.
                print(as_table(found), file=sys.stderr, flush=True)
    if arguments.json:
        print(json.dumps({"figures": as_json(figures)}, indent=2))
    else:
        print(as_table(figures))
    return 0 if all(figure.holds for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of {', '.join(NAMES)}")
    parser.add_argument(
        "--rows", type=int, default=100_000, help="payouts in lists, reconcile and admin"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(NAMES)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    return arguments


def _benches(rows: int) -> Mapping[str, Callable[[], list[Figure]]]:
    from tests.bench import (
        accounting,
        admin,
        check,
        checkouts,
        create,
        deposits,
        importing,
        indexing,
        lists,
        loading,
        reconcile,
        rpc,
        sealing,
        settling,
        webhooks,
        worker,
    )
    from tests.bench.place import Tenant, new_tenant

    @cache
    def loaded() -> tuple[Tenant, loading.Book]:
        """The benches over many rows read the same ones."""
        tenant, book = new_tenant("Books"), loading.book(rows)
        loading.load(tenant, book)
        return tenant, book

    return {
        "create": create.run,
        "checkouts": checkouts.run,
        "lists": lambda: lists.run(*loaded()),
        "reconcile": lambda: reconcile.run(*loaded()),
        "rpc": rpc.run,
        "settling": settling.run,
        "deposits": deposits.run,
        "indexing": indexing.run,
        "worker": worker.run,
        "webhooks": webhooks.run,
        "sealing": sealing.run,
        "import": importing.run,
        "admin": lambda: admin.run(*loaded()),
        "check": check.run,
        "accounting": accounting.run,
    }


if __name__ == "__main__":
    sys.exit(main())

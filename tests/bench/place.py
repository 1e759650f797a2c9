"""Where the benchmarks run: a database of their own on the configured server; organizations."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from organizations import services as organizations
from organizations.callers import caller_for_key


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization in one environment: its key's secret, and that key as a caller."""

    caller: Caller
    secret: str


@contextmanager
def own_database() -> Iterator[str]:
    """Make and migrate a database beside the configured one, use it, drop it. Yields its name."""
    configured = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{os.getpid()}"
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        yield connection.settings_dict["NAME"]
    finally:
        if connection.settings_dict["NAME"] != configured:  # else it was never made
            connection.creation.destroy_test_db(configured, verbosity=0)


def new_tenant(name: str, environment: Environment = Environment.SANDBOX) -> Tenant:
    """Create an organization whose one key may do everything, its own approvals included."""
    organization = organizations.create_organization(name, keys_may_self_approve=True)
    key, secret = organizations.issue_api_key(
        organization, environment, scopes=ALL_SCOPES, name="bench"
    )
    return Tenant(caller_for_key(key, "127.0.0.1"), secret)

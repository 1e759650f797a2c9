"""What every test stands on: two organizations, their people, and a client of the API.

`api(acme)` is a client with a key of acme's sandbox; the same arguments give the same key. The
rate limit is off, since a test calls faster than any client; tests of the limit switch it on.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any, cast

import pytest
from django.core.management.commands import flush
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from billing import exact_json
from billing.callers import Caller
from billing.chains import Environment
from events.models import Event
from organizations import services
from organizations.callers import caller_for_key, caller_for_user
from organizations.models import ApiKey, Organization, User
from organizations.roles import Role

pytest_plugins = [name for name in ("tests.services", "tests.nodes") if find_spec(name) is not None]


class Api:
    """A client of the API with one key. Bodies are JSON: a Decimal is written as its digits."""

    def __init__(self, key: ApiKey, secret: str) -> None:
        self.key, self.secret = key, secret
        self._client = Client()

    @property
    def caller(self) -> Caller:
        """The Caller this key is, for tests of services."""
        return caller_for_key(self.key)

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, **headers: str
    ) -> HttpResponse:
        return self.call("GET", path, query=query, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """`headers` are named as `idempotency_key`, which is sent as Idempotency-Key."""
        return self.call("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, headers=headers)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """One request. `body` may be bytes, sent as they are; None sends no body."""
        if body is not None and not isinstance(body, bytes):
            body = exact_json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        answer = self._client.generic(
            method,
            path,
            body or b"",
            content_type,
            headers={"Authorization": f"Bearer {self.secret}", **named},
            query_params=dict(query) if query else None,
        )
        return cast(HttpResponse, answer)


MakeApi = Callable[..., Api]


# What migrations wrote and no test changes: emptied, it would have to be written anew each time.
LEFT = frozenset({"auth_permission", "django_content_type"})


@pytest.fixture(scope="session", autouse=True)
def _emptied_where_written() -> Iterator[None]:
    """Let tests of several transactions delete their rows at the end, and those alone.

    Django truncates every table and writes the content types and permissions again, half a second
    for each test. The ledger refuses (revenue_append_only), as an owner of a database can switch
    off.
    """

    def deletions(self: Any, style: Any, tables: Iterable[str], **kwargs: Any) -> list[str]:
        kept = sorted(table for table in tables if table not in LEFT)
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in kept
        )
        with connection.cursor() as cursor:
            cursor.execute(asked)
            written = [table for (table,) in cursor.fetchall()]
        rows = [f'DELETE FROM "{table}"' for table in written]
        return ["SET LOCAL session_replication_role = replica", *rows] if rows else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", deletions)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
        yield


@pytest.fixture(autouse=True)
def _as_tests_want_it(settings: Settings) -> None:
    """No rate limit, and passwords that cost nothing: every test makes people, few log in."""
    settings.API_RATE_LIMIT = "off"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme(db: None) -> Organization:
    return services.create_organization("Acme GmbH")


@pytest.fixture
def zenith(db: None) -> Organization:
    """The stranger: another organization, which must never see anything of acme's."""
    return services.create_organization("Zenith Ltd")


@pytest.fixture
def mara(acme: Organization) -> User:
    return _person("mara", acme, Role.PREPARER)


@pytest.fixture
def jon(acme: Organization) -> User:
    return _person("jon", acme, Role.APPROVER)


@pytest.fixture
def vera(acme: Organization) -> User:
    return _person("vera", acme, Role.VIEWER)


@pytest.fixture
def otto(acme: Organization) -> User:
    return _person("otto", acme, Role.OPERATOR)


@pytest.fixture
def ada(acme: Organization) -> User:
    return _person("ada", acme, Role.ADMIN)


@pytest.fixture
def zoe(zenith: Organization) -> User:
    """The stranger's admin."""
    return _person("zoe", zenith, Role.ADMIN)


@pytest.fixture
def root(db: None) -> User:
    """A superuser, member of nothing."""
    return User.objects.create_superuser("root@example.com", "long enough to log in", name="root")


@pytest.fixture
def api(db: None) -> MakeApi:
    """`api(acme, environment="sandbox", scopes=None, issued_by=None, name="tests")`: a client."""
    made: dict[Any, Api] = {}

    def make(
        organization: Organization,
        environment: str = "sandbox",
        scopes: Iterable[str] | None = None,
        *,
        issued_by: User | None = None,
        name: str = "tests",
    ) -> Api:
        wanted = None if scopes is None else frozenset(scopes)
        place = (organization.id, environment, wanted, issued_by and issued_by.id, name)
        if place not in made:
            key, secret = services.issue_api_key(
                organization, environment, scopes=wanted, name=name, issued_by=issued_by
            )
            made[place] = Api(key, secret)
        return made[place]

    return make


@pytest.fixture
def as_person() -> Callable[..., Caller]:
    """`as_person(mara, acme, environment="sandbox")`: the Caller of a person in the admin."""

    def make(user: User, organization: Organization, environment: str = "sandbox") -> Caller:
        return caller_for_user(user, organization, Environment(environment))

    return make


@pytest.fixture
def events_of() -> Callable[[Model | str], list[str]]:
    """`events_of(payout)`: the types of its events, oldest first."""

    def types(resource: Model | str) -> list[str]:
        resource_id = resource if isinstance(resource, str) else resource.pk
        events = Event.objects.filter(resource_id=resource_id).order_by("created_at", "id")
        return list(events.values_list("type", flat=True))

    return types


def _person(name: str, organization: Organization, role: Role) -> User:
    return services.create_staff(
        f"{name}@example.com",
        organization=organization,
        role=role,
        name=name.capitalize(),
        password=f"the password of {name}",
    )


with contextlib.suppress(ImportError):  # Shared by the whole suite, where it is installed.
    from hypothesis import settings as hypothesis_settings

    hypothesis_settings.register_profile("billing", deadline=None, derandomize=True)
    hypothesis_settings.load_profile("billing")

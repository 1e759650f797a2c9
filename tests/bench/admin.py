"""The admin's list of payouts over many rows, beside the same list over ten thousand."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client

from organizations.models import Organization
from organizations.roles import Role
from organizations.services import create_staff
from payouts import services
from payouts.models import PayoutIntent
from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.calling import Answer, caller
from tests.bench.figures import Figure
from tests.bench.loading import TIMES, Book, copy, id_, load
from tests.bench.payouts import a_draft
from tests.bench.place import Tenant, new_tenant

FEW, ROUNDS, REQUESTS = 10_000, 20, 3
LIST = "/admin/payouts/payoutintent/"
PAGES = {
    "to approve": LIST,
    "to hand over": f"{LIST}?tab=to_hand_over",
    "exceptions": f"{LIST}?tab=exceptions",
    "all": f"{LIST}?tab=all",
    "all, page 20": f"{LIST}?tab=all&p=20",
}
Look = Callable[[str], Answer]


def run(tenant: Tenant, many: Book) -> list[Figure]:
    few = new_tenant("Few")
    # In each tab a full page, as among many: what is compared is the time to find its rows.
    load(few, Book(FEW - 600, 100, 500, 10), mark="f")
    looks = {"many": _reader(tenant, many.payouts, "d"), "few": _reader(few, FEW, "fd")}
    found = []
    for name, path in PAGES.items():
        arms = {size: _pages_like(look, path) for size, look in looks.items()}
        answers = interleaved(arms, ROUNDS)
        workload = f"admin's payouts, {name}, {many.payouts:,} rows"
        beside = f"at {FEW:,} rows {1000 * min(answers['few']) / REQUESTS:.1f} ms"
        found += [
            Figure(workload, "page's time", ratio(answers, "many", "few"), "×", beside, 1.5),
            Figure(workload, "queries", _queries(looks["many"], path), "", "", 8),
        ]
    return found


def _reader(tenant: Tenant, rows: int, letters: str) -> Look:
    """Somebody who may approve, and for whom one payout in a hundred waits as a draft."""
    draft = services.create(tenant.caller, a_draft())
    copy(PayoutIntent, draft.id, rows // 100 - 1, {"id": id_("po_", letters), **TIMES})
    organization = Organization.objects.get(pk=tenant.caller.organization_id)
    email = f"reader@{organization.id.replace('_', '-')}.example"
    user = create_staff(email, organization=organization, role=Role.APPROVER, name="Reader")
    client = Client()
    client.force_login(user)
    session = client.session
    session["environment"] = "sandbox"
    session.save()
    name = settings.SESSION_COOKIE_NAME
    cookie = f"{name}={client.cookies[name].value}"
    call = caller(WSGIHandler(), "")

    def look(path: str) -> Answer:
        answer: Answer = call("GET", path, cookie=cookie)
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer

    return look


def _pages_like(look: Look, path: str) -> Callable[[], float]:
    def several() -> None:
        for _ in range(REQUESTS):
            look(path)

    return seconds(several)


def _queries(look: Look, path: str) -> int:
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        look(path)
    return len(statements)

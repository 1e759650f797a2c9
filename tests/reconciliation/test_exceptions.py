"""Exceptions as work: an owner, notes, a top-up; and two people who do it at once."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from billing.callers import Caller
from billing.errors import BillingError, Forbidden, InvalidRequest, NotFound
from events.models import Event
from organizations.models import Organization, User
from payouts.models import PayoutIntent, Settlement
from reconciliation import cases, services
from reconciliation.models import Case, CaseNote, TopUp
from reconciliation.topping_up import top_up
from tests.payouts.test_races import at_once
from tests.reconciliation.rows import a_payout, a_settlement, put_in

AsPerson = Callable[..., Caller]
ROUNDS = 10


def short(organization: Organization, **fields: object) -> Settlement:
    """A settlement that is 0.05 short of 500.00."""
    payout = a_payout(organization, "settled")
    values = {"amount_atomic": 499_950_000, "discrepancies": ["amount"], **fields}
    settlement = a_settlement(organization, payout, **values)
    put_in([payout], [settlement])
    return settlement


def test_an_exception_is_taken_and_given_on(
    acme: Organization, as_person: AsPerson, otto: User, ada: User
) -> None:
    settlement, caller = short(acme), as_person(otto, acme)

    cases.assign(caller, settlement.id, otto.id, was=None)
    cases.assign(caller, settlement.id, ada.id, was=otto.id)

    assert Case.objects.get().owner == ada
    told = Event.objects.filter(type="exception.assigned").order_by("created_at").last()
    assert told is not None
    assert (told.resource_id, told.payload["data"]["owner_name"]) == (settlement.id, str(ada))


def test_who_saw_another_owner_is_told_of_the_new_one(
    acme: Organization, as_person: AsPerson, otto: User, ada: User
) -> None:
    settlement = short(acme)
    cases.assign(as_person(otto, acme), settlement.id, otto.id, was=None)

    with pytest.raises(InvalidRequest) as refusal:
        cases.assign(as_person(ada, acme), settlement.id, ada.id, was=None)

    assert refusal.value.code == "exception_owner_changed"
    assert Case.objects.get().owner == otto


def test_only_who_may_resolve_is_given_one(
    acme: Organization, as_person: AsPerson, otto: User, mara: User, zoe: User
) -> None:
    settlement = short(acme)
    for nobody in (mara.id, zoe.id, "usr_nobody"):
        with pytest.raises(InvalidRequest) as refusal:
            cases.assign(as_person(otto, acme), settlement.id, nobody, was=None)
        assert refusal.value.param == "owner_id"
    assert not Case.objects.exists()


def test_a_preparer_writes_a_note_but_assigns_nothing(
    acme: Organization, as_person: AsPerson, mara: User
) -> None:
    settlement, caller = short(acme), as_person(mara, acme)

    cases.note(caller, settlement.id, "  Asked the exchange. ")

    assert CaseNote.objects.get().text == "Asked the exchange."
    with pytest.raises(Forbidden):
        cases.assign(caller, settlement.id, mara.id, was=None)


def test_a_viewer_writes_nothing(acme: Organization, as_person: AsPerson, vera: User) -> None:
    settlement = short(acme)
    with pytest.raises(Forbidden):
        cases.note(as_person(vera, acme), settlement.id, "Hello.")


def test_a_stranger_finds_nothing(
    acme: Organization, zenith: Organization, as_person: AsPerson, zoe: User
) -> None:
    settlement = short(acme)
    for act in (
        partial(cases.assign, owner_id=zoe.id, was=None),
        partial(cases.note, text="Mine."),
        partial(top_up, note="Mine."),
    ):
        with pytest.raises(NotFound):
            act(as_person(zoe, zenith), settlement.id)


def test_what_agrees_is_nobodys_work(acme: Organization, as_person: AsPerson, otto: User) -> None:
    payout = a_payout(acme, "settled")
    settlement = a_settlement(acme, payout)
    put_in([payout], [settlement])
    for act in (partial(cases.assign, owner_id=otto.id, was=None), partial(cases.note, text="Hm.")):
        with pytest.raises(InvalidRequest) as refusal:
            act(as_person(otto, acme), settlement.id)
        assert refusal.value.code == "settlement_not_open"


def test_an_unknown_outcome_is_work_too(
    acme: Organization, as_person: AsPerson, otto: User
) -> None:
    payout = a_payout(acme, "failed", outcome="unknown", failure_code="operator")
    put_in([payout])

    cases.assign(as_person(otto, acme), payout.id, otto.id, was=None)
    cases.note(as_person(otto, acme), payout.id, "No trace in the wallet.")

    assert Case.objects.get().payout == payout


def test_notes_and_links_are_written_once(
    acme: Organization, as_person: AsPerson, otto: User
) -> None:
    settlement, caller = short(acme), as_person(otto, acme)
    cases.note(caller, settlement.id, "As it was said.")
    top_up(caller, settlement.id, "Owed.")
    for table in (CaseNote, TopUp):
        for change in (lambda rows: rows.update(environment="live"), lambda rows: rows.delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                change(table.objects.all())


def test_a_top_up_is_a_draft_of_what_is_missing(
    acme: Organization, as_person: AsPerson, otto: User
) -> None:
    settlement = short(acme)

    draft = top_up(as_person(otto, acme), settlement.id, "Acme was promised all of it.")

    settlement.refresh_from_db()
    assert (draft.status, draft.amount_atomic) == ("draft", 50_000)
    assert draft.recipient_address == settlement.to_address
    assert (settlement.resolution, settlement.top_up.payout) == ("top_up", draft)
    assert services.summary(acme.id, "sandbox").discrepancies_count == 0


@pytest.mark.parametrize("amount", [500_000_000, 500_050_000])
def test_what_lacks_nothing_is_not_topped_up(
    acme: Organization, as_person: AsPerson, otto: User, amount: int
) -> None:
    settlement = short(acme, amount_atomic=amount, discrepancies=["late_settlement"])

    with pytest.raises(InvalidRequest) as refusal:
        top_up(as_person(otto, acme), settlement.id, "More.")

    assert refusal.value.code == "nothing_to_top_up"
    assert PayoutIntent.objects.count() == 1


def test_a_top_up_that_is_refused_resolves_nothing(
    acme: Organization, as_person: AsPerson, otto: User
) -> None:
    settlement = short(acme, amount_atomic=499_999_999)  # what is missing is too small to pay

    with pytest.raises(InvalidRequest) as refusal:
        top_up(as_person(otto, acme), settlement.id, "A tenth of nothing.")

    settlement.refresh_from_db()
    assert (refusal.value.code, settlement.resolved_at) == ("amount_too_small", None)


def test_who_topped_up_cannot_approve_it(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    from payouts import services as payouts

    caller = as_person(ada, acme)
    draft = top_up(caller, short(acme).id, "Owed.")

    with pytest.raises(Forbidden):
        payouts.approve(caller, draft.id)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_has_it(
    acme: Organization, as_person: AsPerson, otto: User, ada: User
) -> None:
    winners: Counter[str] = Counter()
    for _ in range(ROUNDS):
        settlement = short(acme)
        answers = at_once(
            [
                partial(cases.assign, as_person(who, acme), settlement.id, who.id, was=None)
                for who in (otto, ada)
            ]
        )
        assert sorted(answers) == ["done", "exception_owner_changed"]
        owner = Case.objects.get(settlement=settlement).owner
        assert owner == (otto if answers[0] == "done" else ada)
        winners[str(owner)] += 1
    assert sum(winners.values()) == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_of_two_who_give_it_on_at_once_one_does(
    acme: Organization, as_person: AsPerson, otto: User, ada: User
) -> None:
    for _ in range(ROUNDS):
        settlement = short(acme)
        cases.assign(as_person(otto, acme), settlement.id, otto.id, was=None)
        answers = at_once(
            [
                partial(cases.assign, as_person(ada, acme), settlement.id, ada.id, was=otto.id),
                partial(cases.assign, as_person(otto, acme), settlement.id, None, was=otto.id),
            ]
        )
        assert sorted(answers) == ["done", "exception_owner_changed"]
        owner = Case.objects.get(settlement=settlement).owner
        assert owner == (ada if answers[0] == "done" else None)
        told = Event.objects.filter(type="exception.assigned", resource_id=settlement.id)
        assert told.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_resolve_it_at_once_one_does(
    acme: Organization, as_person: AsPerson, otto: User, ada: User
) -> None:
    for _ in range(ROUNDS):
        settlement = short(acme)
        before = PayoutIntent.objects.count()
        answers = at_once(
            [
                partial(top_up, as_person(otto, acme), settlement.id, "Owed."),
                partial(
                    top_up, as_person(ada, acme), settlement.id, "Owed.", confirm_duplicate=True
                ),
                partial(
                    services.resolve, as_person(ada, acme), settlement.id, "accepted_fee", "A fee."
                ),
            ]
        )
        assert sorted(answers) == ["done", "settlement_not_open", "settlement_not_open"]
        drafts = PayoutIntent.objects.count() - before
        assert drafts == TopUp.objects.filter(settlement=settlement).count()
        assert drafts == (0 if answers[2] == "done" else 1)


@pytest.mark.django_db(transaction=True)
def test_a_run_beside_a_resolution_opens_nothing_again(
    acme: Organization, as_person: AsPerson, otto: User
) -> None:
    for _ in range(ROUNDS):
        settlement = short(acme, discrepancies=[])
        at_once(
            [
                partial(services.run, acme.id, "sandbox"),
                partial(_resolve_when_seen, as_person(otto, acme), settlement.id),
            ]
        )
        services.run(acme.id, "sandbox")
        settlement.refresh_from_db()
        assert settlement.resolution == "accepted_fee"
        assert services.summary(acme.id, "sandbox").discrepancies_count == 0


def _resolve_when_seen(caller: Caller, settlement_id: str) -> None:
    """As a person does: as soon as the run has written the difference down."""
    for _ in range(2_000):
        try:
            services.resolve(caller, settlement_id, "accepted_fee", "A fee.")
        except BillingError as refusal:
            if refusal.code != "settlement_not_open":
                raise
            threading.Event().wait(0.002)
        else:
            return
    raise AssertionError("the run never wrote the difference down")

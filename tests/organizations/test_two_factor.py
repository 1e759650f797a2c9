"""The second factor: what it takes to set it up, which codes are taken, and who takes it away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from billing.errors import InvalidRequest, RateLimited
from organizations import services, two_factor
from organizations.devices import Authenticator
from organizations.models import RecoveryCode, Session
from tests.organizations.two_factors import NOON, shown, with_app


def test_an_app_is_taken_into_use_by_a_code_of_it(acme, mara, events_of):
    two_factor.begin(mara)
    assert two_factor.authenticator_of(mara) is None

    codes = two_factor.confirm(mara, shown(mara, NOON), session_key=None, at=NOON)

    assert two_factor.authenticator_of(mara) is not None
    assert len(set(codes)) == 10
    assert events_of(mara) == ["member.added", "member.two_factor_added"]


def test_a_wrong_code_takes_nothing_into_use(mara):
    two_factor.begin(mara)

    with pytest.raises(InvalidRequest) as refusal:
        two_factor.confirm(mara, "abc123", session_key=None, at=NOON)

    assert refusal.value.code == "two_factor_code_wrong"
    assert two_factor.authenticator_of(mara) is None
    assert RecoveryCode.objects.count() == 0


def test_the_same_secret_is_shown_until_it_is_old(mara):
    first = two_factor.begin(mara).key
    assert two_factor.begin(mara).key == first

    Authenticator.objects.update(created_at=NOON - timedelta(days=1))

    assert two_factor.begin(mara).key != first


def test_an_app_in_use_is_not_replaced(mara):
    with_app(mara)

    with pytest.raises(InvalidRequest) as refusal:
        two_factor.begin(mara)

    assert refusal.value.code == "two_factor_exists"


def test_neither_secret_nor_recovery_codes_stand_in_the_database(mara):
    codes = with_app(mara)

    row = Authenticator.objects.get(user=mara)
    assert row.key not in bytes(row.key_sealed)
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not kept & set(codes) and not kept & {c.replace("-", "") for c in codes}


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_one_step_off(mara, seconds, is_taken):
    with_app(mara)
    Authenticator.objects.update(last_step=-1)
    code = shown(mara, NOON + timedelta(seconds=seconds))

    assert (two_factor.check(mara, code, at=NOON) == "app") is is_taken


def test_a_code_is_taken_once(mara):
    with_app(mara)
    Authenticator.objects.update(last_step=-1)
    code = shown(mara, NOON)

    assert two_factor.check(mara, code, at=NOON) == "app"
    assert two_factor.check(mara, code, at=NOON) is None


def test_an_earlier_code_is_not_taken_after_a_later_one(mara):
    with_app(mara)
    Authenticator.objects.update(last_step=-1)
    earlier, later = shown(mara, NOON), shown(mara, NOON + timedelta(seconds=30))

    assert two_factor.check(mara, later, at=NOON) == "app"
    assert two_factor.check(mara, earlier, at=NOON) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_with_one_code_one_gets_in(acme, mara):
    with_app(mara)
    Authenticator.objects.update(last_step=-1)
    code = shown(mara, NOON)

    def try_it(_: int) -> str | None:
        try:
            return two_factor.check(mara, code, at=NOON)
        except RateLimited:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(try_it, range(8)))

    assert taken.count("app") == 1


def test_the_code_of_another_person_is_wrong(mara, jon):
    with_app(mara)
    with_app(jon)
    Authenticator.objects.update(last_step=-1)

    assert two_factor.check(jon, shown(mara, NOON), at=NOON) is None


def test_after_wrong_codes_even_the_right_one_waits(mara):
    with_app(mara)
    Authenticator.objects.update(last_step=-1)
    assert two_factor.check(mara, "no", at=NOON) is None

    with pytest.raises(RateLimited) as refusal:
        two_factor.check(mara, shown(mara, NOON), at=NOON)

    assert int(refusal.value.headers["Retry-After"]) >= 1
    assert "Too many wrong codes" in refusal.value.message


def test_each_wrong_code_doubles_the_wait(mara):
    with_app(mara)
    row = Authenticator.objects.get(user=mara)
    row.throttling_failure_count = 9
    row.throttle_increment()

    with pytest.raises(RateLimited) as refusal:
        two_factor.check(mara, "000000", at=NOON)

    assert 500 < refusal.value.retry_after_s <= 513


def test_a_wrong_code_is_told(mara, events_of):
    with_app(mara)

    two_factor.check(mara, "no", address="203.0.113.7")

    assert events_of(mara)[-1] == "member.log_in_failed"


def test_a_recovery_code_lets_in_once(mara):
    codes = with_app(mara)

    assert two_factor.check(mara, codes[3].upper().replace("-", " ")) == "recovery"
    assert two_factor.recovery_codes_left(mara) == 9
    assert two_factor.check(mara, codes[3]) is None


def test_new_recovery_codes_end_the_old_ones(mara):
    old = with_app(mara)

    fresh = two_factor.renew_recovery_codes(mara)

    assert two_factor.check(mara, fresh[0]) == "recovery"
    assert two_factor.check(mara, old[1]) is None


def test_removing_is_told_and_leaves_nothing(mara, events_of):
    with_app(mara)

    assert two_factor.remove(mara) is True
    assert two_factor.remove(mara) is False

    assert not Authenticator.objects.exists() and not RecoveryCode.objects.exists()
    assert events_of(mara)[-1] == "member.two_factor_removed"
    assert events_of(mara).count("member.two_factor_removed") == 1


def test_an_admin_resets_it_and_the_person_hears(acme, mara, ada, as_person, events_of):
    with_app(mara)
    client = Client()
    client.force_login(mara)

    assert two_factor.reset(mara, caller=as_person(ada, acme, "live")) is True

    assert two_factor.authenticator_of(mara) is None
    assert not Session.objects.filter(user=mara).exists()
    assert events_of(mara)[-1] == "member.two_factor_removed"
    (letter,) = mail.outbox
    assert letter.to == ["mara@example.com"]
    assert letter.subject == "Your second factor was removed"
    assert "Ada removed" in letter.body


def test_who_is_no_admin_resets_nothing(acme, mara, jon, as_person):
    with_app(mara)

    with pytest.raises(Exception, match="members:administer"):
        two_factor.reset(mara, caller=as_person(jon, acme, "live"))

    assert two_factor.authenticator_of(mara) is not None


def test_an_admin_does_not_open_a_log_in_that_also_opens_another_organization(
    acme, zenith, mara, ada, as_person
):
    with_app(mara)
    services.add_member(mara, zenith, "viewer")

    with pytest.raises(InvalidRequest) as refusal:
        two_factor.reset(mara, caller=as_person(ada, acme, "live"))

    assert refusal.value.code == "not_yours_alone"
    assert two_factor.authenticator_of(mara) is not None


def test_an_admin_does_not_open_the_log_in_of_a_superuser(acme, ada, root, as_person):
    services.add_member(root, acme, "viewer")
    with_app(root)

    with pytest.raises(InvalidRequest):
        two_factor.reset(root, caller=as_person(ada, acme, "live"))


def test_another_secret_key_is_said_in_words(mara, settings):
    with_app(mara)
    settings.SECRET_KEY = "another key, for nothing else than this test"

    with pytest.raises(InvalidRequest) as refusal:
        two_factor.check(mara, "123456", at=NOON)

    assert refusal.value.code == "two_factor_unreadable"

import hashlib
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.errors import InsufficientScope, InvalidRequest, NotFound
from events.models import Event
from organizations import services
from organizations.models import ApiKey


@pytest.mark.parametrize(
    ("environment", "form"),
    [("live", r"sk_live_[A-Za-z0-9]{32}"), ("sandbox", r"sk_test_[A-Za-z0-9]{32}")],
)
def test_of_a_secret_only_its_hash_and_last_four_characters_are_kept(acme, environment, form):
    key, secret = services.issue_api_key(acme, environment, name="till")

    row = ApiKey.objects.filter(id=key.id).values().get()
    assert re.fullmatch(form, secret)
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert row["last_four"] == secret[-4:]
    assert secret not in str(row)
    assert secret not in str(Event.objects.get(resource_id=key.id).payload)


def test_issuing_and_revoking_are_told(acme, events_of):
    key, _ = services.issue_api_key(acme, "sandbox")
    services.revoke_api_key(key.id)
    services.revoke_api_key(key.id)

    assert events_of(key) == ["api_key.created", "api_key.revoked"]
    assert Event.objects.filter(resource_id=key.id, environment="live").count() == 0


def test_an_unknown_scope_is_refused(acme):
    with pytest.raises(InvalidRequest, match="payouts:delete"):
        services.issue_api_key(acme, "sandbox", scopes=frozenset({"payouts:delete"}))


def test_a_scope_of_people_is_never_a_keys(acme):
    with pytest.raises(InvalidRequest, match="api_keys:administer"):
        services.issue_api_key(acme, "sandbox", scopes=frozenset({"api_keys:administer"}))


def test_a_key_without_scopes_is_refused(acme):
    with pytest.raises(InvalidRequest):
        services.issue_api_key(acme, "sandbox", scopes=frozenset())


def test_only_an_admin_issues_and_revokes_keys(acme, ada, mara, as_person):
    key, _ = services.issue_api_key(acme, "sandbox", caller=as_person(ada, acme), issued_by=ada)

    with pytest.raises(InsufficientScope):
        services.issue_api_key(acme, "sandbox", caller=as_person(mara, acme))
    with pytest.raises(InsufficientScope):
        services.revoke_api_key(key.id, as_person(mara, acme))

    key.refresh_from_db()
    assert key.issued_by == ada
    assert key.revoked_at is None


def test_a_strangers_key_and_one_of_the_other_environment_are_not_found(
    acme, zenith, ada, zoe, as_person
):
    key, _ = services.issue_api_key(acme, "sandbox")

    for caller in (as_person(zoe, zenith), as_person(ada, acme, "live")):
        with pytest.raises(NotFound):
            services.revoke_api_key(key.id, caller)

    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_stranger_issues_no_key_of_ours(acme, zenith, zoe, as_person):
    with pytest.raises(NotFound):
        services.issue_api_key(acme, "sandbox", caller=as_person(zoe, zenith))


def test_a_key_can_expire(acme):
    tomorrow = timezone.now() + timedelta(days=1)

    key, _ = services.issue_api_key(acme, "sandbox", expires_at=tomorrow)

    key.refresh_from_db()
    assert key.expires_at == tomorrow

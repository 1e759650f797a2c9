"""The acts on an endpoint, each a service of webhooks.endpoints or webhooks.redelivering."""

from django.utils import timezone

from billing.acts import Act, Answers
from billing.callers import Caller
from webhooks import endpoints, guard, redelivering
from webhooks.admin.forms import EndpointForm, RotateForm, SinceForm, answers_of
from webhooks.models import Endpoint, EndpointStatus
from webhooks.secrets import is_rotating

WRITE = "webhooks:write"


def _update(caller: Caller, webhook_id: str, answers: Answers) -> None:
    """An unchanged URL is not vetted anew: its name may not resolve just now."""
    changes = {"events": answers["events"], "description": answers["description"] or None}
    if answers["url"] != endpoints.get(caller, webhook_id).url:
        changes["url"] = guard.vetted(answers["url"], caller.environment)
    endpoints.update(caller, webhook_id, changes)


def _enable(caller: Caller, webhook_id: str, answers: Answers) -> None:
    endpoints.enable(caller, webhook_id)


def _disable(caller: Caller, webhook_id: str, answers: Answers) -> None:
    endpoints.disable(caller, webhook_id)


def _rotate(caller: Caller, webhook_id: str, answers: Answers) -> tuple[Endpoint, str]:
    return endpoints.rotate(caller, webhook_id, overlap=answers["overlap"])


def _replace_secret(caller: Caller, webhook_id: str, answers: Answers) -> tuple[Endpoint, str]:
    return endpoints.rotate(caller, webhook_id, overlap=answers["overlap"], replace=True)


def _confirm(caller: Caller, webhook_id: str, answers: Answers) -> None:
    endpoints.confirm(caller, webhook_id)


def _redeliver(caller: Caller, webhook_id: str, answers: Answers) -> int:
    endpoint = endpoints.get(caller, webhook_id)
    return redelivering.redeliver(caller, endpoint, since=answers["since"])


def _send_test(caller: Caller, webhook_id: str, answers: Answers) -> None:
    endpoints.send_test(caller, webhook_id)


def _delete(caller: Caller, webhook_id: str, answers: Answers) -> None:
    endpoints.delete(caller, webhook_id)


def _is_active(endpoint: Endpoint, caller: Caller) -> bool:
    return endpoint.status == EndpointStatus.ACTIVE


def _is_disabled(endpoint: Endpoint, caller: Caller) -> bool:
    return endpoint.status == EndpointStatus.DISABLED


def _rotates(endpoint: Endpoint, caller: Caller) -> bool:
    return is_rotating(endpoint, timezone.now())


def _has_one_secret(endpoint: Endpoint, caller: Caller) -> bool:
    return not _rotates(endpoint, caller)


_UPDATE = Act(
    "update",
    "Change",
    WRITE,
    _update,
    asks=lambda e: "Change this endpoint",
    done=lambda e: "The endpoint is changed.",
    form=EndpointForm,
    initial=answers_of,
)

_ENABLE = Act(
    "enable",
    "Enable",
    WRITE,
    _enable,
    asks=lambda e: "Enable this endpoint: it is told again what happens",
    done=lambda e: "It is enabled. Send it a test event, or redeliver what it missed.",
    offered=_is_disabled,
    look="filled",
)

_CONFIRM = Act(
    "confirm",
    "Confirm the switch",
    WRITE,
    _confirm,
    asks=lambda e: "From now on the new secret signs alone",
    done=lambda e: "The new secret signs alone now.",
    offered=_rotates,
    look="filled",
)

_SEND_TEST = Act(
    "test",
    "Send a test event",
    WRITE,
    _send_test,
    asks=lambda e: "Send one webhook.test to this endpoint, and to no other",
    done=lambda e: "The test event is on its way. What comes of it appears among the deliveries.",
    offered=_is_active,
)

_REDELIVER = Act(
    "redeliver",
    "Redeliver since",
    WRITE,
    _redeliver,
    asks=lambda e: "Send again what happened since a time",
    done=lambda e: "It is on its way again.",
    form=SinceForm,
)

_ROTATE = Act(
    "rotate",
    "Rotate secret",
    WRITE,
    _rotate,
    asks=lambda e: "Make a new secret for this endpoint",
    done=lambda e: "It has a new secret.",
    form=RotateForm,
    offered=_has_one_secret,
)

_REPLACE_SECRET = Act(
    "replace_secret",
    "Replace the new secret",
    WRITE,
    _replace_secret,
    asks=lambda e: "Drop the new secret, which was lost, for a newer one",
    done=lambda e: "It has a newer secret.",
    form=RotateForm,
    offered=_rotates,
)

_DISABLE = Act(
    "disable",
    "Disable",
    WRITE,
    _disable,
    asks=lambda e: "Send this endpoint nothing until it is enabled",
    done=lambda e: "It is disabled and is sent nothing.",
    offered=_is_active,
    look="danger",
)

_DELETE = Act(
    "delete",
    "Delete",
    WRITE,
    _delete,
    asks=lambda e: "Delete this endpoint: it is told nothing any more, for good",
    done=lambda e: f"{e} is deleted.",
    look="danger",
)

# In the order of the page: what comes next, what is often wanted, what is rare.
ACTS = (
    _ENABLE,
    _CONFIRM,
    _SEND_TEST,
    _REDELIVER,
    _UPDATE,
    _ROTATE,
    _REPLACE_SECRET,
    _DISABLE,
    _DELETE,
)
RARE = (_ROTATE, _REPLACE_SECRET, _DISABLE, _DELETE)
SHOWS_SECRET = (_ROTATE, _REPLACE_SECRET)

_WHO_SIGNS_LAST = (
    "During the overlap both sign, the old one last: that is the signature which published clients "
    "check. Once you confirm the switch, or the overlap ends, the new one signs alone."
)
# What a person must know before an act: the name of the fact, and the fact.
CONSEQUENCES = {
    "enable": ("What waits", "It goes out at once, the oldest first. What happened while it was "
               "disabled is not among it: redeliver since then."),
    "confirm": ("Before that", "The receiver must check with the new secret. One that still has "
                "the old one refuses every event from now on."),
    "test": ("How", "Signed and tried again like every event. What comes of it stands among the "
             "deliveries."),
    "redeliver": ("What is sent", "What it got already, and what it missed while it was disabled. "
                  "The receiver knows a repetition by its event id."),
    "rotate": ("Who signs last", _WHO_SIGNS_LAST),
    "replace_secret": ("Who signs last", _WHO_SIGNS_LAST),
    "disable": ("What waits", "It is kept and goes on once the endpoint is enabled. What happens "
                "meanwhile is not owed; only redelivering since a time sends it."),
    "delete": ("What waits", "It is canceled. Past deliveries stay on record. To pause an "
               "endpoint, disable it instead."),
}  # fmt: skip

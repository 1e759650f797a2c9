"""What the hosted pages say, in the language that is active: what is so, then what to do.

Sentences that hold something from outside stand here, the labels in the templates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from checkouts.hosted.stages import Arrived, Stage, Standing
from checkouts.hosted.writing import amount, isolated, ltr, network_name
from checkouts.models import Checkout
from checkouts.states import LinkStatus


@dataclass(frozen=True, slots=True)
class Said:
    """A stage in words."""

    heading: str
    text: str


def token_on_network(token: str, chain: str) -> str:
    return gettext("%(token)s on %(network)s") % {
        "token": ltr(token),
        "network": ltr(network_name(chain)),
    }


def only_this(token: str, chain: str) -> str:
    """The sentence that keeps money from being lost."""
    return gettext("Send only %(token)s on the %(network)s network.") % {
        "token": ltr(token),
        "network": ltr(network_name(chain)),
    }


def exactly(amount_atomic: int, token: str, chain: str) -> str:
    """Why the last digit matters where many customers pay to one address."""
    return gettext(
        "Send exactly %(amount)s, to the last digit: it is how your payment is recognised."
    ) % {"amount": amount(amount_atomic, token, chain)}


def said_of(checkout: Checkout, standing: Standing, merchant: str) -> Said:
    """The stage's heading, and one sentence or two of what to do."""
    heading, text = _STAGES[standing.stage]
    values = {
        "merchant": isolated(merchant),
        "amount": amount(checkout.amount_atomic, checkout.token, checkout.chain),
        "received": amount(standing.received_atomic, checkout.token, checkout.chain),
    }
    return Said(gettext(heading) % values, gettext(text) % values)


def notes_of(checkout: Checkout, standing: Standing, merchant: str) -> Iterator[str]:
    """What else came and does not fit, a sentence each, with whom to ask."""
    values = {"merchant": isolated(merchant), "token": ltr(checkout.token)}
    if standing.over_atomic:
        over = amount(standing.over_atomic, checkout.token, checkout.chain)
        yield gettext(
            "You have sent %(over)s more than was asked for. Contact %(merchant)s about it."
        ) % {**values, "over": over}
    for each in standing.late:
        yield gettext(
            "%(amount)s arrived after the time was up and does not count. Contact %(merchant)s "
            "about it."
        ) % {**values, "amount": _arrived(each, checkout)}
    for each in standing.wrong:
        yield _wrong(each) % {**values, "amount": _arrived(each, checkout)}
    if standing.stage == Stage.TIME_UP and standing.received_atomic:
        yield gettext("%(received)s of %(amount)s arrived in time.") % {
            "received": amount(standing.received_atomic, checkout.token, checkout.chain),
            "amount": amount(checkout.amount_atomic, checkout.token, checkout.chain),
        }


def _wrong(each: Arrived) -> str:
    if not each.token:
        return gettext(
            "Another token than %(token)s arrived: it does not count. Contact %(merchant)s about "
            "it."
        )
    return gettext(
        "%(amount)s arrived, but %(token)s was asked for: it does not count. Contact "
        "%(merchant)s about it."
    )


def _arrived(each: Arrived, checkout: Checkout) -> str:
    # The namesakes of a chain have the decimals of what they are mistaken for.
    return amount(each.amount_atomic, each.token, checkout.chain)


def link_is(standing: LinkStatus, merchant: str) -> Said:
    """Why a payment link cannot be paid by."""
    heading, text = _LINKS[standing]
    return Said(gettext(heading), gettext(text) % {"merchant": isolated(merchant)})


def progress(standing: Standing) -> str:
    return gettext("%(done)s of %(all)s confirmations") % {
        "done": ltr(str(standing.confirmations)),
        "all": ltr(str(standing.required)),
    }


def usually_takes(seconds: int) -> str:
    """How long a network needs for all its confirmations, roughly."""
    if seconds <= 45:
        return gettext("This usually takes less than a minute.")
    minutes = max(round(seconds / 60), 1)
    return ngettext(
        "This usually takes about %(minutes)s minute.",
        "This usually takes about %(minutes)s minutes.",
        minutes,
    ) % {"minutes": ltr(str(minutes))}


def minutes_left(minutes: int) -> str:
    """What a screen reader is told now and then."""
    return ngettext("%(minutes)s minute left", "%(minutes)s minutes left", minutes) % {
        "minutes": ltr(str(minutes))
    }


def minutes_to_pay(minutes: int) -> str:
    return ngettext(
        "From then on you have %(minutes)s minute to pay.",
        "From then on you have %(minutes)s minutes to pay.",
        minutes,
    ) % {"minutes": ltr(str(minutes))}


def refreshes(seconds: int) -> str:
    return ngettext(
        "This page refreshes itself every %(seconds)s second.",
        "This page refreshes itself every %(seconds)s seconds.",
        seconds,
    ) % {"seconds": ltr(str(seconds))}


def _(text: str) -> str:
    """Mark a text for the translators; it is translated when it is said."""
    return text


_LINKS: dict[LinkStatus, tuple[str, str]] = {
    LinkStatus.EXPIRED: (
        _("This payment link has expired"),
        _("Nothing was paid. Ask %(merchant)s for a new one."),
    ),
    LinkStatus.CLOSED: (
        _("This payment link is closed"),
        _("Nothing was paid. Ask %(merchant)s for a new one."),
    ),
    LinkStatus.METHOD_DISABLED: (
        _("This link cannot be paid right now"),
        _("Nothing was paid. Try again later, or ask %(merchant)s."),
    ),
}
_STAGES: dict[Stage, tuple[str, str]] = {
    Stage.PAYING: (
        _("Waiting for your payment"),
        _("You will see it here within seconds after you have sent it."),
    ),
    Stage.PART: (
        _("A part has arrived"),
        _(
            "%(received)s of %(amount)s have arrived. Send the rest to the same address before "
            "the time is up."
        ),
    ),
    Stage.UNDONE: (
        _("The network has taken your payment back for now"),
        _(
            "This is rare, and the payment nearly always reappears by itself within minutes. Do "
            "not pay again; keep this page open."
        ),
    ),
    Stage.TIME_UP: (
        _("The time is up"),
        _(
            "Do not send anything any more. If you have paid in time, keep this page open: the "
            "last blocks of the network are being checked."
        ),
    ),
    Stage.DETECTED: (
        _("Payment found"),
        _(
            "%(received)s have arrived and the network is confirming them. You may close this "
            "page: %(merchant)s is told when it is done."
        ),
    ),
    Stage.CONFIRMING: (
        _("Payment found"),
        _(
            "%(received)s have arrived and the network is confirming them. You may close this "
            "page: %(merchant)s is told when it is done."
        ),
    ),
    Stage.CONFIRMED: (_("Paid"), _("%(merchant)s has received %(received)s.")),
    Stage.REVERSED: (
        _("The network has undone this payment"),
        _(
            "It was confirmed, and then its block left the chain. Contact %(merchant)s before "
            "you send anything again."
        ),
    ),
    Stage.EXPIRED: (
        _("This checkout has expired"),
        _(
            "Nothing arrived in time. Do not send anything to its address any more; ask "
            "%(merchant)s for a new one."
        ),
    ),
    Stage.UNDERPAID: (
        _("Too little arrived in time"),
        _(
            "%(received)s of %(amount)s arrived. Do not send more to this address; contact "
            "%(merchant)s, who can see what you have sent."
        ),
    ),
    Stage.CANCELED: (
        _("This checkout was canceled"),
        _(
            "Do not send anything to its address any more. To pay after all, ask %(merchant)s for "
            "a new one."
        ),
    ),
    Stage.FAILED: (
        _("This checkout was stopped"),
        _("Do not send anything to its address. Ask %(merchant)s what to do."),
    ),
}

"""What the demonstration tells of checkouts: a shop's day, some in every state, all in the sandbox.

The key of its wallet belongs to the best known test phrase there is (twelve words that
begin with “abandon”): nobody keeps money there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from billing.callers import Caller
from billing.chains import Chain, Token
from checkouts import branding, links, methods, services, simulation
from checkouts.models import Checkout, PaymentLink, PaymentMethod
from organizations.demonstration.cast import Cast
from wallets import services as wallets
from wallets.models import Wallet

MARK = "demo"  # the metadata by which a story that was told is found again
XPUB = (
    "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3"
    "yZdUsT8ddYM3PwnATt"
)
Ending = Callable[[Caller, Checkout], None]


@dataclass(frozen=True, slots=True)
class Story:
    """One checkout. `ending` takes it to where the story leaves it."""

    number: int
    chain: Chain
    token: Token
    amount: str
    order: str
    ending: Ending


def play(cast: Cast) -> None:
    """Set the shop up and tell every story, each in one transaction: whole or not at all."""
    _set_up(cast.admin)
    told = set(Checkout.objects.visible_to(cast.admin).values_list(f"metadata__{MARK}", flat=True))
    for story in STORIES:
        if str(story.number) not in told:
            with transaction.atomic():
                story.ending(cast.admin, _created(cast.admin, story))


@transaction.atomic
def _set_up(admin: Caller) -> None:
    """Wallets, methods, a link and the looks of the page; found where they are there already."""
    if PaymentMethod.objects.visible_to(admin).exists():
        return
    shop = {
        chain: wallets.create(
            admin, wallets.NewWallet(chain=chain.value, xpub=XPUB, name=f"Shop on {chain.label}")
        )
        for chain in Chain
    }
    method = _method(admin, shop[Chain.TRON], Token.USDT, is_default=True)
    _method(admin, shop[Chain.BASE], Token.USDC)
    _method(admin, shop[Chain.ARBITRUM], Token.USDC)
    if not PaymentLink.objects.visible_to(admin).exists():
        links.create(
            admin,
            links.NewLink(
                amount_usd=Decimal(25), payment_method_id=method.id, description="Roastery tour"
            ),
        )
    branding.update(admin, merchant_name="Acme Coffee")


def _method(
    admin: Caller, wallet: Wallet, token: Token, *, is_default: bool = False
) -> PaymentMethod:
    return methods.create(
        admin,
        methods.NewMethod(
            wallet_id=wallet.id,
            chain=wallet.chain,
            token=token.value,
            display_name=f"{token.label} on {Chain(wallet.chain).label}",
            is_default=is_default,
        ),
    )


def _created(admin: Caller, story: Story) -> Checkout:
    return services.create(
        admin,
        services.NewCheckout(
            amount_usd=Decimal(story.amount),
            chain=story.chain.value,
            token=story.token.value,
            expires_in_seconds=86_400,
            metadata={MARK: str(story.number), "order_id": story.order},
        ),
    )


def _wait(admin: Caller, checkout: Checkout) -> None:
    """Nothing more: the customer is looking at the page."""


def _cancel(admin: Caller, checkout: Checkout) -> None:
    services.cancel(admin, checkout.id)


def _simulated(outcome: str) -> Ending:
    def ending(admin: Caller, checkout: Checkout) -> None:
        simulation.simulate(admin, checkout.id, outcome)

    return ending


# What lets time run out comes first, for it moves the chain's clock for all that are open there.
STORIES = (
    Story(1, Chain.BASE, Token.USDC, "18.40", "1001", _simulated("late")),
    Story(2, Chain.BASE, Token.USDC, "42", "1002", _simulated("underpaid")),
    Story(3, Chain.ARBITRUM, Token.USDC, "64.90", "1003", _simulated("wrong_token")),
    Story(4, Chain.TRON, Token.USDT, "12.50", "1004", _simulated("pay")),
    Story(5, Chain.BASE, Token.USDC, "129", "1005", _simulated("two_parts")),
    Story(6, Chain.TRON, Token.USDT, "33.20", "1006", _simulated("overpaid")),
    Story(7, Chain.TRON, Token.USDT, "86", "1007", _simulated("reorg")),
    Story(8, Chain.ARBITRUM, Token.USDC, "9.99", "1008", _cancel),
    Story(9, Chain.TRON, Token.USDT, "49.99", "1009", _wait),
    Story(10, Chain.BASE, Token.USDC, "27.80", "1010", _wait),
)

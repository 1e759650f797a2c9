"""GET and POST /v1/wallets, GET and PATCH /v1/wallets/{wallet_id}."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import pagination, schema
from billing.api.views import ApiView
from billing.private_keys import refuse_private_keys
from wallets import services
from wallets.answers import wallet_json
from wallets.models import Wallet
from wallets.serializers import (
    CREATE,
    UPDATE,
    CreateWalletRequest,
    UpdateWalletRequest,
    WalletSerializer,
)


class Wallets(ApiView):
    """The organization's own addresses and keys, newest first; the door to register one more."""

    scopes: ClassVar = {"GET": "wallets:read", "POST": "wallets:write"}

    @schema.operation(
        "listWallets", "Wallets", "List wallets", answers=schema.list_of(WalletSerializer),
        is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        wallets = Wallet.objects.visible_to(self.caller).select_related("extended_key")
        page = pagination.page(wallets, request, name="wallets")
        return Response(pagination.envelope(page, [wallet_json(wallet) for wallet in page.rows]))

    @schema.operation(
        "createWallet", "Wallets", "Register a wallet", answers=WalletSerializer,
        body=CreateWalletRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        refuse_private_keys(dict(request.data))
        draft = services.NewWallet(**CREATE.run_validation(request.data))
        return Response(wallet_json(services.create(self.caller, draft)), status=201)


class OneWallet(ApiView):
    """One wallet: its name and its use can change, its address or key never."""

    scopes: ClassVar = {"GET": "wallets:read", "PATCH": "wallets:write"}

    @schema.operation("getWallet", "Wallets", "Get a wallet", answers=WalletSerializer, finds=True)
    def get(self, request: Request, wallet_id: str) -> Response:
        return Response(wallet_json(services.get(self.caller, wallet_id)))

    @schema.operation(
        "updateWallet", "Wallets", "Rename a wallet or change its use", answers=WalletSerializer,
        body=UpdateWalletRequest, finds=True,
    )  # fmt: skip
    def patch(self, request: Request, wallet_id: str) -> Response:
        wallet = services.get(self.caller, wallet_id)
        refuse_private_keys(dict(request.data))
        changes = UPDATE.run_validation(request.data)
        return Response(wallet_json(services.update(self.caller, wallet.id, changes)))

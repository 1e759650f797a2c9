"""/v1/wallets"""

from django.urls import path

from wallets.views import OneWallet, Wallets

urlpatterns = [
    path("/wallets", Wallets.as_view()),
    path("/wallets/<str:wallet_id>", OneWallet.as_view()),
]

"""The organization's own addresses and extended keys, for people."""

from wallets.admin.wallets import WalletAdmin

__all__ = ["WalletAdmin"]

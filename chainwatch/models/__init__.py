"""What the chains say. Facts only: chainwatch knows chains, hashes and addresses, never customers.

`scope` is opaque here: empty for the live networks, else the name of one simulated network.
"""

from chainwatch.models.addresses import AddressFacts
from chainwatch.models.balances import Balance
from chainwatch.models.networks import Block, ChainHead, ChainNode, Cursor, RestingCursor
from chainwatch.models.sandbox import SandboxChain, SandboxTransaction
from chainwatch.models.transactions import Transfer, WatchedAddress, WatchedTransaction

__all__ = [
    "AddressFacts",
    "Balance",
    "Block",
    "ChainHead",
    "ChainNode",
    "Cursor",
    "RestingCursor",
    "SandboxChain",
    "SandboxTransaction",
    "Transfer",
    "WatchedAddress",
    "WatchedTransaction",
]

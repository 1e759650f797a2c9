"""How a contract is told to transfer: Solidity's ABI, written by hand for its one function.

Source: docs.soliditylang.org, "Contract ABI Specification": four bytes that name the function, then
each argument in a word of 32 bytes, numbers and addresses right-aligned.
"""

import base58

from billing.chains import Chain

SELECTOR = "transfer(address,uint256)"
_SELECTOR_HEX = "a9059cbb"  # the first four bytes of the Keccak-256 of SELECTOR
_WORD = 64  # hexadecimal digits
_ADDRESS = 40
_TRON_PREFIX = "41"
_MOST = 2**256


class NoAddress(ValueError):
    """The sandbox takes addresses of an impossible form; no contract could be told of one."""


def arguments(recipient: str, amount_atomic: int, chain: str) -> str:
    """Return the two words of a transfer, hexadecimal without `0x`. Raises NoAddress."""
    assert 0 < amount_atomic < _MOST, "an amount is positive and fits one word"
    return f"{_twenty_bytes(recipient, chain):0>{_WORD}}{amount_atomic:0{_WORD}x}"


def calldata(recipient: str, amount_atomic: int, chain: str) -> str:
    """Return the whole call, `0x` and hexadecimal. Raises NoAddress."""
    return f"0x{_SELECTOR_HEX}{arguments(recipient, amount_atomic, chain)}"


def _twenty_bytes(address: str, chain: str) -> str:
    """The twenty bytes of an address: on Tron those after the byte 0x41 that base58check holds.

    Source: developers.tron.network, "Parameter Encoding and Decoding".
    """
    try:
        digits = (
            base58.b58decode_check(address).hex().removeprefix(_TRON_PREFIX)
            if chain == Chain.TRON
            else f"{int(address, 16):0{_ADDRESS}x}"
        )
    except ValueError as error:
        raise NoAddress(address) from error
    if len(digits) != _ADDRESS or (chain != Chain.TRON and len(address) != _ADDRESS + 2):
        raise NoAddress(address)
    return digits

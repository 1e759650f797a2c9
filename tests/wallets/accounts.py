"""Extended public keys of accounts that every wallet program can make again.

From the two test phrases that everybody knows, "abandon abandon … about" (BIP-39) and "test test …
junk" (Hardhat, Anvil), without a passphrase. The addresses were written down from eth-account 0.14
and TronWeb 6, which derive them from the phrase by the private keys, not from the extended key.
"""

from bip32 import BIP32

ABANDON_EVM = (
    "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3"
    "yZdUsT8ddYM3PwnATt"
)
ABANDON_TRON = (
    "xpub6D1AabNHCupeiLM65ZR9UStMhJ1vCpyV4XbZdyhMZBiJXALQtmn9p42VTQckoHVn8WNqS7dqnJokZHAHcHGoaQgmv"
    "8D45oNUKx6DZMNZBCd"
)
JUNK_EVM = (
    "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54J"
    "oNXVsXFYSYwHsnJxqP"
)
JUNK_TRON = (
    "xpub6BuRy7ZmkGfP2RWhoor1kWB1w9DvrtmJbFBvnC1bQ4SB5NbCHTyQYCJSXZtxDbFyHTmC7wkU2he3nYYdpZ3Vf6qUA"
    "kXSnL6RPif4BDtDEKr"
)
ADDRESSES = [
    (ABANDON_EVM, "base", 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
    (ABANDON_EVM, "base", 1, "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"),
    (ABANDON_EVM, "arbitrum", 2, "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A"),
    (ABANDON_EVM, "base", 19, "0x5096eEe90Aa1b783AF381669938C688F02bb43D8"),
    (ABANDON_EVM, "base", 20, "0x0f7479EC9cB833971eE60A4B09d7E048f689029B"),
    (ABANDON_EVM, "base", 2**31 - 1, "0x8848bfC75a28756B521b09afDC120BdDddC7d7c9"),
    (JUNK_EVM, "base", 0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    (JUNK_EVM, "arbitrum", 0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    (JUNK_EVM, "arbitrum", 1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    (JUNK_EVM, "base", 2, "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    (JUNK_EVM, "base", 2**31 - 1, "0x9d90537E6c8631CF4cBf3F3049519844027a3d68"),
    (ABANDON_TRON, "tron", 0, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
    (ABANDON_TRON, "tron", 1, "TSeJkUh4Qv67VNFwY8LaAxERygNdy6NQZK"),
    (ABANDON_TRON, "tron", 2, "TYJPRrdB5APNeRs4R7fYZSwW3TcrTKw2gx"),
    (ABANDON_TRON, "tron", 2**31 - 1, "TVapZk5c7S7ARtSBi9jD13rhkbZke4F4sa"),
    (JUNK_TRON, "tron", 0, "TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6"),
    (JUNK_TRON, "tron", 1, "TPjjvMwjPoDC32V2dGDYTkLH4E5LAtBZ6C"),
    (JUNK_TRON, "tron", 20, "TEZNuA3EoNJmA1ruXYADrzFV9iaGX8x4mz"),
]


def account(number: int, path: str = "m/44'/60'/0'") -> str:
    """The extended public key of an account of a wallet of its own for each number."""
    xpub: str = BIP32.from_seed(number.to_bytes(64, "big")).get_xpub_from_path(path)
    return xpub

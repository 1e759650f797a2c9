"""Addresses from which nobody can ever spend, recognised by the twenty bytes behind them."""

_BURNED = {
    "dead000000000000000042069420694206942069": "a well-known burn address",
    "dead000000000000000000000000000000000000": "a well-known burn address",
    "00000000000000000000000000000000deadbeef": "a well-known burn address",
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef": "a well-known burn address",
    "deaddeaddeaddeaddeaddeaddeaddeaddead0000": "a system address of the OP stack",
    "deaddeaddeaddeaddeaddeaddeaddeaddead0001": "a system address of the OP stack",
    "deaddeaddeaddeaddeaddeaddeaddeaddead0002": "a system address of the OP stack",
    # TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy, the account that Tron's genesis block calls Blackhole.
    "77944d19c052b73ee2286823aa83f8138cb7032f": "Tron's black hole account",
}
# Precompiles and system contracts live at the lowest numbers on every EVM chain (Arbitrum's at
# 0x64 to 0xff, P256VERIFY of the OP stack at 0x100), and so does 0x…dEaD. The chance that a key
# exists for one of these 2^16 addresses is 2^-144.
_HIGHEST_RESERVED = 0xFFFF
# The OP stack keeps its predeploys in one range of 2,048 (specs.optimism.io, "Predeploys").
_PREDEPLOYED = range(0x42 << 152, (0x42 << 152) + 0x800)


def unspendable(digits: str) -> str | None:
    """Say in words what the address is where money sent to it is lost, None elsewhere.

    `digits` are the address's 40 hexadecimal digits in lower case, without prefix.
    """
    if len(digits) != 40:
        return None
    number = int(digits, 16)
    if number == 0:
        return "the zero address"
    if digits == "dead".rjust(40, "0"):
        return "a well-known burn address"
    if number <= _HIGHEST_RESERVED:
        return "an address reserved for the chain itself"
    if number in _PREDEPLOYED:
        return "a system contract of the OP stack"
    if len(set(digits)) == 1:
        return "a placeholder of one repeated digit, which no key opens"
    return _BURNED.get(digits)

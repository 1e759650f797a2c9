"""The chain registry, read from the environment: contracts, nodes, confirmations, finality."""

import re
from datetime import timedelta
from typing import Any

from billing.addresses import canonical
from billing.chains import Chain, Finality, Network, Token
from billing.environment import Variables, refused

USDC_E = "USDC.e, the bridged USDC of Arbitrum, which is not USDC"

# Contracts: the issuers' own pages and the chains' token lists. Confirmations: the public contract.
DEFAULTS: dict[Chain, dict[str, Any]] = {
    Chain.TRON: {
        "chain_id": 728126428,
        "USDT": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        "USDC": "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8",
        "confirmations": 19,
        "finality": Finality.SOLIDIFIED,
        "block_time_ms": 3000,
        "poll_interval_s": 3,
        "not_found_limit": timedelta(hours=25),
        "explorer": "https://tronscan.org",
        "namesakes": {},
    },
    Chain.ARBITRUM: {
        "chain_id": 42161,
        "USDT": "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9",
        "USDC": "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
        "confirmations": 12,
        "finality": Finality.CONFIRMATIONS,
        "block_time_ms": 250,
        "poll_interval_s": 2,
        "not_found_limit": timedelta(hours=72),
        "explorer": "https://arbiscan.io",
        "namesakes": {"0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8": USDC_E},
    },
    Chain.BASE: {
        "chain_id": 8453,
        "USDT": "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2",
        "USDC": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        "confirmations": 12,
        "finality": Finality.CONFIRMATIONS,
        "block_time_ms": 2000,
        "poll_interval_s": 2,
        "not_found_limit": timedelta(hours=72),
        "explorer": "https://basescan.org",
        "namesakes": {},
    },
}


# The finality levels that a chain's nodes can be asked for.
LEVELS: dict[Chain, tuple[Finality, ...]] = {
    Chain.TRON: (Finality.CONFIRMATIONS, Finality.SOLIDIFIED),
    Chain.ARBITRUM: (Finality.CONFIRMATIONS, Finality.SAFE, Finality.FINALIZED),
    Chain.BASE: (Finality.CONFIRMATIONS, Finality.SAFE, Finality.FINALIZED),
}
_DECIMALS = 6  # of both tokens on all three chains (billing.chains.decimals)
LARGEST_CHAIN_ID = 2**53 - 1  # What JSON readers keep exact.


def networks_from_environment(env: Variables) -> dict[str, Network]:
    """Return one Network per chain. Raises ImproperlyConfigured, naming the variable."""
    return {chain.value: _network(chain, env) for chain in Chain}


def _network(chain: Chain, env: Variables) -> Network:
    row, name = DEFAULTS[chain], chain.name
    rpc_urls = env.node_urls(f"{name}_RPC_URLS")
    levels = [level.value for level in LEVELS[chain]]
    return Network(
        chain=chain,
        chain_id=env.integer(f"{name}_CHAIN_ID", row["chain_id"], least=1, most=LARGEST_CHAIN_ID),
        rpc_urls=rpc_urls,
        rpc_headers=env.headers(f"{name}_RPC_HEADERS"),
        # More than there are nodes could never agree.
        quorum=env.integer(f"{name}_QUORUM", 1, least=1, most=max(1, len(rpc_urls))),
        contracts=_contracts(chain, env),
        namesakes=row["namesakes"],
        confirmations=env.integer(
            f"{name}_CONFIRMATIONS", row["confirmations"], least=1, most=100_000
        ),
        finality=Finality(env.choice(f"{name}_FINALITY", row["finality"].value, levels)),
        finality_by_amount=_by_amount(f"{name}_FINALITY_BY_AMOUNT", levels, env),
        block_time_ms=row["block_time_ms"],
        poll_interval_s=env.integer("POLL_INTERVAL_S", row["poll_interval_s"], least=1, most=3600),
        not_found_limit=row["not_found_limit"],
        explorer=row["explorer"],
    )


def _by_amount(name: str, levels: list[str], env: Variables) -> tuple[tuple[int, Finality], ...]:
    """Read `10000=safe, 250000=finalized`: whole tokens, and the level asked from there on."""
    rows = []
    for word in env.words(name, []):
        amount, _, level = word.partition("=")
        if not re.fullmatch(r"[0-9]{1,12}", amount) or level not in levels:
            allowed = f"amounts in whole tokens with a level each, such as 10000={levels[-1]}"
            raise refused(name, word, f"{allowed}; levels are {', '.join(levels)}")
        rows.append((int(amount) * 10**_DECIMALS, Finality(level)))
    return tuple(sorted(rows))


def _contracts(chain: Chain, env: Variables) -> dict[Token, str]:
    """The pinned contracts in canonical form. One address for two tokens would confuse them."""

    def parse(text: str) -> str:
        return canonical(text, chain)

    contracts = {
        token: env.parsed(
            f"{chain.name}_{token.value}_CONTRACT", DEFAULTS[chain][token.value], parse
        )
        for token in Token
    }
    if len(set(contracts.values())) != len(contracts):
        name = f"{chain.name}_{Token.USDC.value}_CONTRACT"
        raise refused(name, contracts[Token.USDC], "another address than that of the other token")
    return contracts

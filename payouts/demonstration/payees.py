"""Whom the demonstration pays, and from where. Nobody holds these addresses: all were made up."""

from dataclasses import dataclass

from billing.chains import Chain, Token

TREASURY = {
    Chain.BASE: "0x76190FCC2cEE58F05EE6Fc6452796A2B1c5ec296",
    Chain.ARBITRUM: "0x76190FCC2cEE58F05EE6Fc6452796A2B1c5ec296",
    Chain.TRON: "TLjem1iEMH6gSCXjCoCukAno6LznTLCC74",
}
UNREGISTERED = "0x35eD7DD2bf6cc092002ed1C4C34Bd58F2FF0Bc4b"  # of the company, not yet in the list


@dataclass(frozen=True, slots=True)
class Payee:
    """A supplier and how they want to be paid."""

    name: str
    address: str
    chain: Chain
    token: Token


def _on_base(name: str, address: str) -> Payee:
    return Payee(name, address, Chain.BASE, Token.USDC)


def _on_arbitrum(name: str, address: str) -> Payee:
    return Payee(name, address, Chain.ARBITRUM, Token.USDC)


def _on_tron(name: str, address: str) -> Payee:
    return Payee(name, address, Chain.TRON, Token.USDT)


NORTHWIND = _on_base("Northwind Freight", "0xd96eC06795309486513833Ff09371FBb78Fc6EaF")
LINDQVIST = _on_base("Studio Lindqvist", "0xE498C4b785ee42b441A92EAD094a677dcf5531DF")
TANAKA = _on_base("Tanaka Components", "0xcd42baC4619FDEA23E898d73810D1592D4Bdd195")
KOWALSKI = _on_base("Kowalski Tooling", "0x91A2311eda2802BC8A729e31248076a72b4E88BF")
HETZEL = _on_base("Hetzel Cloud", "0x8E42aB5CF664C99FD4A72c3df304F45e8b3f0D9C")
ZHOU = _on_base("Zhou Precision", "0x23Df3fAA14f154D008C234D682351896fD274ECF")
MARCHETTI = _on_arbitrum("Marchetti Legal", "0x8a3Ec4c2625bA23A554C8E72F138443A9e2Ff29F")
VEGA = _on_arbitrum("Vega Hosting", "0x2Bf6932278F1973C634a0B1FDaB313D8A3194DF4")
OYELARAN = _on_tron("Oyelaran Translations", "TQwB992VUozNNjiscG1SzUhyeC5Y1kYh7d")
BRIGHTSIDE = _on_tron("Brightside Catering", "TEMt19Qcd8zjdKnrtKjVw1BhSCvqEK6xj8")

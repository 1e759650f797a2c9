# pragma version 0.4.3
# SPDX-License-Identifier: Apache-2.0
"""
@title A plain token with six decimals, as USDC is one
@notice For tests: its balances are what `__init__` and `mint` say.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

name: public(constant(String[16])) = "Test Dollar"
symbol: public(constant(String[8])) = "USDC"
decimals: public(constant(uint8)) = 6

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(supply: uint256):
    self._mint(msg.sender, supply)


@external
def mint(to: address, amount: uint256):
    self._mint(to, amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def pay_many(to: DynArray[address, 200], amounts: DynArray[uint256, 200]):
    """
    @notice Many transfers in one transaction, as a batch of payouts makes them.
    """
    for place: uint256 in range(len(to), bound=200):
        self._move(msg.sender, to[place], amounts[place])


@internal
def _mint(to: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, value=amount)

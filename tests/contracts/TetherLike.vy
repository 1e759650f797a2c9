# pragma version 0.4.3
# SPDX-License-Identifier: Apache-2.0
"""
@title A token with six decimals and the habits of USDT
@notice `transfer` returns nothing; it may take a fee, which is a second Transfer to the owner; and
        the owner can blacklist an address, whose transfers then revert.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

name: public(constant(String[16])) = "Test Tether"
symbol: public(constant(String[8])) = "USDT"
decimals: public(constant(uint8)) = 6

owner: public(address)
fee_basis_points: public(uint256)
is_blacklisted: public(HashMap[address, bool])
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])


@deploy
def __init__(supply: uint256):
    self.owner = msg.sender
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@external
def set_fee(basis_points: uint256):
    assert msg.sender == self.owner
    assert basis_points <= 10_000
    self.fee_basis_points = basis_points


@external
def blacklist(who: address):
    assert msg.sender == self.owner
    self.is_blacklisted[who] = True


@external
def transfer(to: address, amount: uint256):
    assert not self.is_blacklisted[msg.sender]
    fee: uint256 = amount * self.fee_basis_points // 10_000
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount - fee
    log Transfer(sender=msg.sender, receiver=to, value=amount - fee)
    if fee > 0:
        self.balanceOf[self.owner] += fee
        log Transfer(sender=msg.sender, receiver=self.owner, value=fee)

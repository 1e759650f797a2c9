# pragma version 0.4.3
# SPDX-License-Identifier: Apache-2.0
"""
@title A contract that writes any log it is told to
@notice For tests: what a hostile token writes to look like a payment.
"""

symbol: public(constant(String[8])) = "USDC"
decimals: public(constant(uint8)) = 6


@external
def write(topics: DynArray[bytes32, 4], data: Bytes[1024]):
    if len(topics) == 0:
        raw_log([], data)
    elif len(topics) == 1:
        raw_log([topics[0]], data)
    elif len(topics) == 2:
        raw_log([topics[0], topics[1]], data)
    elif len(topics) == 3:
        raw_log([topics[0], topics[1], topics[2]], data)
    else:
        raw_log([topics[0], topics[1], topics[2], topics[3]], data)

// What tronweb says of a node, as JSON: node witness.cjs URL TX_ID CONTRACT HOLDER
"use strict";

const { TronWeb, utils } = require("tronweb");

const TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

async function main([url, txId, contract, holder]) {
  const tron = new TronWeb({ fullHost: url });
  tron.setAddress(holder);
  const unconfirmed = await tron.trx.getUnconfirmedTransactionInfo(txId);
  const number = unconfirmed.blockNumber;
  const answers = {
    head: await tron.trx.getCurrentBlock(),
    solid: await tron.trx.getConfirmedCurrentBlock(),
    block: await tron.trx.getBlockByNumber(number),
    transaction: await tron.trx.getTransaction(txId),
    unconfirmed,
    confirmed: await tron.trx.getTransactionInfo(txId),
    transfers: (unconfirmed.log || [])
      .filter((log) => log.topics[0] === TRANSFER)
      .map((log) => transferOf(tron, log)),
    balance: await balanceOf(tron, contract, holder),
    trx: String(await tron.trx.getUnconfirmedBalance(holder)),
    hex: TronWeb.address.toHex(contract),
    base58: TronWeb.address.fromHex(unconfirmed.contract_address),
    isConnected: await tron.isConnected(),
  };
  process.stdout.write(JSON.stringify(answers));
}

function transferOf(tron, log) {
  const address = (topic) => TronWeb.address.fromHex("41" + topic.slice(24));
  const data = utils.abi.decodeParams(["value"], ["uint256"], "0x" + log.data);
  return {
    contract: TronWeb.address.fromHex("41" + log.address),
    from: address(log.topics[1]),
    to: address(log.topics[2]),
    amount: data.value.toString(),
  };
}

async function balanceOf(tron, contract, holder) {
  const parameters = [{ type: "address", value: holder }];
  const said = await tron.transactionBuilder.triggerConstantContract(
    contract, "balanceOf(address)", {}, parameters, holder,
  );
  return BigInt("0x" + said.constant_result[0]).toString();
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(String(error && error.stack ? error.stack : error));
  process.exit(1);
});

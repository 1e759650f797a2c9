// What the npm package standardwebhooks says of each request: node standard_witness.cjs < cases
// A case is {secret, headers, body}, the body in base64; the answer to each is whether it is taken.
"use strict";

const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

function isTaken({ secret, headers, body }) {
  const webhook = new Webhook(secret);
  try {
    webhook.verify(Buffer.from(body, "base64"), headers, { jsonParse: false });
    return true;
  } catch (error) {
    return false;
  }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map(isTaken)));

// GraphQL over HTTP, as graphql-http's own audits have it.
import assert from "node:assert/strict";
import test from "node:test";

import { serverAudits } from "graphql-http";

import { url } from "./api.mjs";

const audits = serverAudits({ url });

test("there are 61 audits", () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const found = await audit.fn();
    assert.equal(found.status, "ok", found.reason);
  });
}

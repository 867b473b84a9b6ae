// Operations by their hashes: Apollo's automatic persisted queries, as its client speaks them and on the wire.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";

import { gql } from "@apollo/client";

import { home, newMember, url } from "./api.mjs";
import { apolloOf } from "./apollo.mjs";
import { documents } from "./documents.mjs";
import { makeHashLink } from "./snippets/apollo-hashes.mjs";
import { acknowledged } from "./wire.mjs";

const apollo = async (t) => apolloOf(t, await newMember("hashes"), makeHashLink(home));
const hashOf = (text) => createHash("sha256").update(text).digest("hex");
let made = 0;
/** A text that the server has not seen. */
const newText = () => `query Hashed${Date.now()}_${(made += 1)} { viewer { __typename } }`;
const FOUND = { data: { viewer: { __typename: "Member" } } };

/** What fetch sent while `run` ran. */
async function sentWhile(run) {
  const { fetch } = globalThis;
  const sent = [];
  globalThis.fetch = (address, init) => {
    sent.push({ method: init.method, address: String(address), body: init.body });
    return fetch(address, init);
  };
  try {
    await run();
  } finally {
    globalThis.fetch = fetch;
  }
  return sent;
}

const persisted = (sha256Hash, version = 1) => ({ persistedQuery: { version, sha256Hash } });

async function posted(token, body) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json()) };
}

test("Apollo sends a hash by GET, the text once, and then never again", async (t) => {
  const [one, other] = [await apollo(t), await apollo(t)];
  const query = gql(newText());
  const first = await sentWhile(() => one.query({ query }));
  assert.deepEqual(first.map(({ method }) => method), ["GET", "POST"]);
  const second = await sentWhile(() => other.query({ query }));
  assert.deepEqual(second.map(({ method }) => method), ["GET"]);
  assert.doesNotMatch(second[0].address, /viewer/);
});

test("Apollo sends a mutation's hash by POST only", async (t) => {
  const client = await apollo(t);
  const variables = { input: { title: "By hash", body: "It prints." } };
  const sent = await sentWhile(() => client.mutate({ mutation: documents.CreateProposalDocument, variables }));
  assert.deepEqual([...new Set(sent.map(({ method, address }) => `${method} ${address}`))], [`POST ${url}`]);
});

test("an unknown hash is answered in the words that clients wait for", async () => {
  const { data, errors } = await posted(await newMember("hashes"), { extensions: persisted(hashOf(newText())) });
  assert.deepEqual([data, errors.length], [undefined, 1]);
  assert.deepEqual([errors[0].message, errors[0].extensions.code], ["PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"]);
});

test("what one member registered another may name", async () => {
  const query = newText();
  const extensions = persisted(hashOf(query));
  for (const body of [{ query, extensions }, { extensions }, { query: "", extensions: persisted(hashOf(query).toUpperCase()) }])
    assert.deepEqual(await posted(await newMember("hashes"), body), { status: 200, ...FOUND });
});

for (const [name, given] of [
  ["a text of another hash", (query) => ({ query, extensions: persisted(hashOf(`${query} `)) })],
  ["another version", (query) => ({ query, extensions: persisted(hashOf(query), 2) })],
  ["no hash", (query) => ({ query, extensions: { persistedQuery: { version: 1 } } })],
  ["a number for a hash", (query) => ({ query, extensions: persisted(7) })],
  ["a text for it all", (query) => ({ query, extensions: { persistedQuery: "x" } })],
]) {
  test(`${name} is refused, and registers nothing`, async () => {
    const [token, query] = [await newMember("hashes"), newText()];
    const { status, errors } = await posted(token, given(query));
    assert.deepEqual([status, errors[0].extensions.code], [400, "BAD_USER_INPUT"]);
    const named = await posted(token, { extensions: persisted(hashOf(query)) });
    assert.equal(named.errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
  });
}

test("over the socket a hash stands for a text too", async (t) => {
  const [token, query] = [await newMember("hashes"), newText()];
  const wire = await acknowledged(t, token);
  const extensions = persisted(hashOf(query));
  const asked = async (id, payload) => {
    wire.send({ id, type: "subscribe", payload });
    return wire.next();
  };
  const unknown = await asked("1", { extensions });
  assert.deepEqual([unknown.type, unknown.payload[0].message], ["error", "PersistedQueryNotFound"]);
  for (const [id, payload] of [["2", { query, extensions }], ["3", { extensions }]]) {
    assert.deepEqual((await asked(id, payload)).payload, FOUND);
    assert.deepEqual(await wire.next(), { id, type: "complete" });
  }
});

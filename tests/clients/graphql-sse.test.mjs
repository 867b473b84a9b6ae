// graphql-sse's distinct connections, for those whose proxies let no WebSocket through.
import assert from "node:assert/strict";
import test from "node:test";

import { createClient } from "graphql-sse";
import { print } from "graphql";

import { asked, newMember, url, vote, voting } from "./api.mjs";
import { documents } from "./documents.mjs";
import { follow } from "./snippets/stream.mjs";

const QUORUM = "subscription ($id: ID!) { quorum(proposalId: $id) { participatingWeight } }";

const client = (t, token) => {
  const headers = token && { Authorization: `Bearer ${token}` };
  const made = createClient({ url, headers, retryAttempts: 0 });
  t.after(() => made.dispose());
  return made;
};
const all = async (results) => {
  const found = [];
  for await (const result of results) found.push(result);
  return found;
};

test("a query's result comes as one event", async (t) => {
  const results = client(t, await newMember("sse")).iterate({ query: "{ viewer { __typename } }" });
  assert.deepEqual(await all(results), [{ data: { viewer: { __typename: "Member" } } }]);
});

test("a mutation runs once", async (t) => {
  const query = 'mutation { updateProfile(input: { displayName: "Sesi" }) { member { displayName } } }';
  const results = client(t, await newMember("sse")).iterate({ query });
  assert.deepEqual(await all(results), [{ data: { updateProfile: { member: { displayName: "Sesi" } } } }]);
});

test("states rise until the reader leaves", async (t) => {
  const token = await newMember("sse");
  const { id } = await voting(token);
  const states = client(t, token).iterate({ query: QUORUM, variables: { id } });
  const weights = [];
  for await (const { data } of states) {
    weights.push(data.quorum.participatingWeight);
    if (weights.length === 2) break;
    await vote(token, id, "FOR");
  }
  assert.deepEqual(weights, [0, 1]);
});

test("a reply streams to its end, and again from where it was left", async (t) => {
  const token = await newMember("sse");
  const replyId = await asked(token, "What do I print?");
  const query = print(documents.ReplyDocument);
  const events = await all(client(t, token).iterate({ query, variables: { replyId } }));
  const again = await all(client(t, token).iterate({ query, variables: { replyId, afterSeq: 0 } }));
  assert.deepEqual(again, events.slice(1));
  assert.equal(events.at(-1).data.chatTokens.__typename, "ChatDone");
});

test("an error is told as an event with its code", async (t) => {
  for (const [query, code] of [["{ nothing }", "BAD_USER_INPUT"], ["subscription { daoChanged { name } }", "UNAUTHENTICATED"]]) {
    const [{ errors }] = await all(client(t).iterate({ query }));
    assert.equal(errors[0].extensions.code, code);
  }
});

test("a forged token is refused with 401", async (t) => {
  const refused = all(client(t, "x.y.z").iterate({ query: "{ __typename }" }));
  await assert.rejects(refused, (error) => error.response.status === 401);
});

test("plain fetch follows a stream", async () => {
  const token = await newMember("sse");
  const replyId = await asked(token, "What do I dry?");
  const events = [];
  for await (const { data } of follow(url, token, print(documents.ReplyDocument), { replyId })) events.push(data.chatTokens);
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, at) => at));
  assert.equal(events.map(({ text }) => text ?? "").join(""), events.at(-1).message.content);
});

// graphql-ws' own client over the socket: what its users see.
import assert from "node:assert/strict";
import test from "node:test";

import { print } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { asked, eventually, home, newMember, resolved, socketUrl, tokenOf, voting } from "./api.mjs";
import { documents } from "./documents.mjs";
import { openSocket } from "./snippets/socket.mjs";

const RESOLVED = print(documents.ResolvedDocument);
const DAO = "subscription { daoChanged { name } }";

const client = (t, options) => {
  const made = createClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
  t.after(() => made.dispose());
  return made;
};
const bearer = (token) => ({ authorization: `Bearer ${token}` });
/** What a stream gives until it ends: its results, and the error or close event that ended it. */
const collected = (client, payload) =>
  new Promise((resolve) => {
    const results = [];
    client.subscribe(payload, {
      next: (result) => results.push(result),
      error: (why) => resolve({ results, why }),
      complete: () => resolve({ results }),
    });
  });
/** WebSockets that a test can tear, as a tunnel does. */
function tearable() {
  const sockets = [];
  class Torn extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  }
  return { Torn, sockets };
}

test("a query over the socket gives one result and completes", async (t) => {
  const { results, why } = await collected(client(t), { query: "{ __typename }" });
  assert.deepEqual([results, why], [[{ data: { __typename: "Query" } }], undefined]);
});

test("a token in connectionParams names the member", async (t) => {
  const viewer = client(t, { connectionParams: bearer(await newMember("socket")) });
  const { results } = await collected(viewer, { query: "{ viewer { __typename } }" });
  assert.deepEqual(results, [{ data: { viewer: { __typename: "Member" } } }]);
});

test("a subscription is an async iterator that can be left", async (t) => {
  const viewer = client(t, { connectionParams: bearer(await newMember("socket")) });
  for await (const { data } of viewer.iterate({ query: DAO })) {
    assert.equal(typeof data.daoChanged.name, "string");
    break;
  }
  const { results } = await collected(viewer, { query: "{ __typename }" });
  assert.equal(results.length, 1);
});

test("an error in one operation leaves the others alone", async (t) => {
  const { Torn, sockets } = tearable();
  const viewer = client(t, { connectionParams: bearer(await newMember("socket")), webSocketImpl: Torn });
  const stream = viewer.iterate({ query: DAO });
  assert.ok((await stream.next()).value.data);
  const { why } = await collected(viewer, { query: "{ nothing }" });
  assert.equal(why[0].extensions.code, "BAD_USER_INPUT");
  assert.equal((await collected(viewer, { query: "{ __typename }" })).results.length, 1);
  assert.deepEqual([sockets.length, sockets[0].readyState], [1, WebSocket.OPEN]);
  await stream.return();
});

test("the server answers pings, payload and all", async (t) => {
  const pongs = [];
  const pinging = client(t, {
    lazy: false,
    keepAlive: 30,
    on: { pong: (received, payload) => received && pongs.push(payload) },
  });
  await eventually(() => pongs.length >= 3);
  assert.ok(pinging);
});

for (const [name, authorization] of [["forged", "Bearer x.y.z"], ["expired", `Bearer ${tokenOf("late", { seconds: -1 })}`]]) {
  test(`a ${name} token is refused with 4403`, async (t) => {
    const { why } = await collected(client(t, { connectionParams: { authorization } }), { query: "{ __typename }" });
    assert.equal(why.code, 4403);
  });
}

test("the legacy protocol is refused with 4406", async () => {
  const socket = new WebSocket(socketUrl, "graphql-ws");
  const closed = await new Promise((resolve) => socket.on("close", resolve).on("error", () => {}));
  assert.ok([4406, 1006].includes(closed));
});

test("an expired token is replaced by asking for another", async (t) => {
  const handle = "socket-renewed";
  let asked = 0;
  const socket = openSocket(home, () => tokenOf(handle, { seconds: asked++ ? 60 : 2 }), { webSocketImpl: WebSocket, retryWait: async () => {} });
  t.after(() => socket.dispose());
  let states = 0;
  const leave = socket.subscribe({ query: DAO }, { next: () => (states += 1), error: assert.fail, complete() {} });
  await eventually(() => asked === 2 && states >= 2);
  leave();
});

test("after a tunnel a stream goes on behind the last event seen", async (t) => {
  const { Torn, sockets } = tearable();
  const token = await newMember("socket");
  let held = Promise.resolve();
  const socket = openSocket(home, () => token, { webSocketImpl: Torn, retryWait: () => held });
  t.after(() => socket.dispose());
  const heard = [];
  const leave = socket.subscribe(
    { query: RESOLVED, variables: { afterSeq: -1 } },
    { next: ({ data }) => heard.push(data.resolved), error: assert.fail, complete() {} },
  );
  const first = await resolved(token, (await voting(token)).id);
  await eventually(() => heard.find(({ proposal }) => proposal.id === first));

  let light;
  held = new Promise((resolve) => (light = resolve));
  sockets.at(-1).terminate();
  const second = await resolved(token, (await voting(token)).id);
  light();
  await eventually(() => heard.find(({ proposal }) => proposal.id === second));
  const seqs = heard.map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.map((_, at) => seqs[0] + at), "no gap, no repeat");
  assert.equal(sockets.length, 2);
  leave();
});

test("a reply streams from its start, and again for whoever comes late", async (t) => {
  const token = await newMember("socket");
  const replyId = await asked(token, "What do I print?");
  const viewer = client(t, { connectionParams: bearer(token) });
  const events = [];
  for (let round = 0; round < 2; round += 1) {
    const { results, why } = await collected(viewer, { query: print(documents.ReplyDocument), variables: { replyId } });
    assert.equal(why, undefined);
    events.push(results.map(({ data }) => data.chatTokens));
  }
  const [live, late] = events;
  assert.deepEqual(live.map(({ seq }) => seq), live.map((_, at) => at));
  assert.deepEqual(late, live);
  const text = live.map((event) => event.text ?? "").join("");
  assert.deepEqual([live.at(-1).message.content, live.at(-1).message.complete], [text, true]);
});

// graphql-transport-ws frame by frame: subscribe, next, error and complete.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { drafted, newMember, vote, voting } from "./api.mjs";
import { INIT, QUORUM, TYPENAME, answeredTo, closedBy, closing, refusedWith, stillServes } from "./protocol.mjs";
import { acknowledged, opened } from "./wire.mjs";

let token;
/** Of QUORUM: a state that does not change meanwhile. */
let still;
before(async () => {
  token = await newMember("wire");
  still = { variables: { id: (await voting(token)).id } };
});

describe("graphql-transport-ws: operations", { concurrency: 16 }, () => {
  // subscribe
  test("an operation before init closes with 4401", closedBy(4401, { id: "1", type: "subscribe", payload: { query: "{ __typename }" } }));

  for (const [name, message] of [
    ["no id", { type: "subscribe", payload: { query: "{ __typename }" } }],
    ["a number as id", { id: 1, type: "subscribe", payload: { query: "{ __typename }" } }],
    ["an empty id", { id: "", type: "subscribe", payload: { query: "{ __typename }" } }],
    ["no payload", { id: "1", type: "subscribe" }],
    ["an array as payload", { id: "1", type: "subscribe", payload: [] }],
    ["no query", { id: "1", type: "subscribe", payload: {} }],
    ["a number as query", { id: "1", type: "subscribe", payload: { query: 42 } }],
    ["an array as variables", { id: "1", type: "subscribe", payload: { query: "{ __typename }", variables: [] } }],
    ["a string as variables", { id: "1", type: "subscribe", payload: { query: "{ __typename }", variables: "{}" } }],
    ["a number as operationName", { id: "1", type: "subscribe", payload: { query: "{ __typename }", operationName: 1 } }],
    ["a string as extensions", { id: "1", type: "subscribe", payload: { query: "{ __typename }", extensions: "x" } }],
  ]) {
    test(`subscribe with ${name} closes with 4400`, async (t) => {
      const wire = await acknowledged(t);
      wire.send(message);
      await closing(wire, 4400);
    });
  }

  test("null for variables, operationName and extensions is as if left out", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", "{ __typename }", { variables: null, operationName: null, extensions: null });
    assert.deepEqual(await answeredTo(wire), TYPENAME);
  });

  test("a query is answered by next and complete", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", "query Q { __typename }", { operationName: "Q" });
    assert.deepEqual(await answeredTo(wire), TYPENAME);
    assert.ok(await wire.isQuiet());
  });

  test("variables reach the operation", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", "query ($on: Boolean!) { __typename @include(if: $on) }", { variables: { on: false } });
    assert.deepEqual(await answeredTo(wire), { data: {} });
  });

  test("a mutation is answered by next and complete", async (t) => {
    const wire = await acknowledged(t, token);
    const rename = "mutation { updateProfile(input: { displayName: \"Wira\" }) { member { displayName } } }";
    wire.subscribe("1", rename);
    assert.deepEqual(await answeredTo(wire), { data: { updateProfile: { member: { displayName: "Wira" } } } });
  });

  test("a field's error comes inside next, and then complete", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", "{ viewer { id } }");
    const { data, errors } = await answeredTo(wire);
    assert.deepEqual(data, { viewer: null });
    assert.deepEqual([errors[0].extensions.code, errors[0].path], ["UNAUTHENTICATED", ["viewer"]]);
  });

  for (const [name, query, rest] of [
    ["a syntax error", "{ viewer {", {}],
    ["an empty text", "", {}],
    ["an unknown field", "{ nothing }", {}],
    ["an unknown field of a subscription", "subscription { nothing }", {}],
    ["an unknown operationName", "query A { __typename }", { operationName: "B" }],
    ["no operationName among several", "query A { __typename } query B { __typename }", {}],
    ["two root fields of a subscription", "subscription { daoChanged { name } resolved { seq } }", {}],
  ]) {
    test(`${name} is an error message with an array, without complete, and harms nobody else`, async (t) => {
      const wire = await acknowledged(t, token);
      wire.subscribe("other", QUORUM, still);
      assert.equal((await wire.next()).id, "other");
      wire.subscribe("1", query, rest);
      for (const error of await refusedWith(wire)) assert.equal(error.extensions.code, "BAD_USER_INPUT");
      await stillServes(wire);
      assert.ok(await wire.isQuiet());
    });
  }

  for (const [name, query, rest] of [
    ["a missing variable", "query ($id: ID!) { node(id: $id) { id } }", {}],
    ["a variable of the wrong type", "query ($n: Int!) { members(first: $n) { totalCount } }", { variables: { n: "many" } }],
    ["a subscription's missing variable", QUORUM, {}],
  ]) {
    test(`${name} is told as errors without data, and ends the operation only`, async (t) => {
      const wire = await acknowledged(t, token);
      wire.subscribe("1", query, rest);
      const frame = await wire.next();
      const [error] = frame.type === "error" ? frame.payload : frame.payload.errors;
      assert.equal(error.extensions.code, "BAD_USER_INPUT");
      if (frame.type === "next") {
        assert.deepEqual(Object.keys(frame.payload), ["errors"]);
        assert.deepEqual(await wire.next(), { id: "1", type: "complete" });
      }
      await stillServes(wire);
    });
  }

  test("an id may be used again after an error", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", "{ nothing }");
    await refusedWith(wire);
    wire.subscribe("1", "{ __typename }");
    assert.deepEqual(await answeredTo(wire), TYPENAME);
  });

  test("an id may be used again after the server's complete", async (t) => {
    const wire = await acknowledged(t);
    for (let round = 0; round < 3; round += 1) {
      wire.subscribe("1", "{ __typename }");
      assert.deepEqual(await answeredTo(wire), TYPENAME);
    }
  });

  test("an id may be used again after the client's complete", async (t) => {
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, still);
    assert.equal((await wire.next()).type, "next");
    wire.send({ id: "1", type: "complete" });
    wire.subscribe("1", "{ __typename }");
    assert.deepEqual(await answeredTo(wire), TYPENAME);
  });

  test("a subscription's id that is in use closes with 4409", async (t) => {
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, still);
    await wire.next();
    wire.subscribe("1", QUORUM, still);
    const { code, reason } = await wire.end();
    assert.deepEqual([code, reason], [4409, "Subscriber for 1 already exists"]);
  });

  test("a subscription's id that is in use closes with 4409, for a query too", async (t) => {
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, still);
    await wire.next();
    wire.subscribe("1", "{ __typename }");
    await closing(wire, 4409);
  });

  test("the same id on two sockets is no clash", async (t) => {
    const [one, other] = [await acknowledged(t, token), await acknowledged(t, token)];
    for (const wire of [one, other]) wire.subscribe("1", QUORUM, still);
    assert.deepEqual([(await one.next()).type, (await other.next()).type], ["next", "next"]);
  });

  test("operations run side by side", async (t) => {
    const wire = await acknowledged(t, token);
    const ids = Array.from({ length: 20 }, (_, at) => `q${at}`);
    for (const id of ids) wire.subscribe(id, "{ __typename }");
    const frames = [];
    while (frames.length < 40) frames.push(await wire.next());
    for (const id of ids) assert.deepEqual(frames.filter((frame) => frame.id === id).map((frame) => frame.type), ["next", "complete"]);
  });

  test("of more than 500 operations on a socket the last is refused, the others go on", async (t) => {
    const wire = await acknowledged(t, token);
    for (let at = 0; at <= 500; at += 1) wire.subscribe(`s${at}`, QUORUM, still);
    const frames = [];
    while (frames.length <= 500) frames.push(await wire.next());
    const [refusal, ...others] = frames.filter(({ type }) => type !== "next");
    assert.deepEqual([refusal.id, refusal.type, others], ["s500", "error", []]);
    assert.deepEqual([refusal.payload[0].extensions.code, refusal.payload[0].extensions.retryable], ["RATE_LIMITED", true]);
    wire.send({ id: "s0", type: "complete" });
    await stillServes(wire);
  });

  // complete
  test("complete for an id that was never used is let pass", async (t) => {
    const wire = await acknowledged(t);
    wire.send({ id: "nobody", type: "complete" });
    await stillServes(wire);
  });

  test("complete twice is let pass", async (t) => {
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, still);
    await wire.next();
    for (let round = 0; round < 2; round += 1) wire.send({ id: "1", type: "complete" });
    await stillServes(wire);
  });

  test("complete before init is let pass or closes with 4401", async (t) => {
    const wire = await opened(t);
    wire.send({ id: "1", type: "complete" });
    wire.send(INIT);
    const { type, code } = await wire.next();
    assert.ok(type === "connection_ack" || code === 4401, `${type} ${code}`);
  });

  test("complete without an id closes with 4400", async (t) => {
    const wire = await acknowledged(t);
    wire.send({ type: "complete" });
    await closing(wire, 4400);
  });

  test("after complete nothing of the subscription comes", async (t) => {
    const proposal = await voting(token);
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, { variables: { id: proposal.id } });
    assert.equal((await wire.next()).payload.data.quorum.participatingWeight, 0);
    wire.send({ id: "1", type: "complete" });
    await stillServes(wire);
    await vote(token, proposal.id, "ABSTAIN");
    assert.ok(await wire.isQuiet());
  });

  test("a subscription's states rise until the client goes", async (t) => {
    const member = await newMember("wire");
    const proposal = await voting(member);
    const wire = await acknowledged(t, member);
    wire.subscribe("1", QUORUM, { variables: { id: proposal.id } });
    const first = (await wire.next()).payload.data.quorum;
    await vote(member, proposal.id, "FOR");
    const second = (await wire.next()).payload.data.quorum;
    assert.deepEqual([first.participatingWeight, second.participatingWeight], [0, 1]);
    assert.ok(second.seq > first.seq);
  });

  test("a stream's refusal ends the operation, with its code, and not the socket", async (t) => {
    const draft = await drafted(await newMember("wire"));
    const wire = await acknowledged(t, token);
    wire.subscribe("1", QUORUM, { variables: { id: draft.id } });
    const frame = await wire.next();
    const errors = frame.type === "error" ? frame.payload : frame.payload.errors;
    assert.equal(errors[0].extensions.code, "NOT_FOUND");
    if (frame.type === "next") assert.deepEqual(await wire.next(), { id: "1", type: "complete" });
    await stillServes(wire);
  });

  test("a normal close of the client is answered as such", async (t) => {
    const wire = await acknowledged(t);
    wire.socket.close(1000, "bye");
    await closing(wire, 1000);
  });
});

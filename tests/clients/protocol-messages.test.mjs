// graphql-transport-ws frame by frame: the handshake, pings, and what is no message.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { SOCKETS, eventually, newMember, tokenOf } from "./api.mjs";
import { ACK, INIT, answeredTo, closedBy, closing, stillServes } from "./protocol.mjs";
import { Wire, acknowledged, opened } from "./wire.mjs";

let token;
before(async () => {
  token = await newMember("wire");
});

describe("graphql-transport-ws: messages", { concurrency: 16 }, () => {
  // the handshake
  test("the subprotocol graphql-transport-ws is taken", async (t) => {
    assert.equal((await opened(t)).socket.protocol, "graphql-transport-ws");
  });

  test("of several subprotocols graphql-transport-ws is chosen", async (t) => {
    const wire = await opened(t, ["soap", "graphql-ws", "graphql-transport-ws"]);
    assert.equal(wire.socket.protocol, "graphql-transport-ws");
  });

  for (const [name, protocols] of [["no subprotocol", []], ["the legacy graphql-ws", ["graphql-ws"]], ["an unknown one", ["soap"]]]) {
    test(`${name} is closed with 4406, or not upgraded`, async () => {
      const wire = new Wire(protocols);
      const found = await wire.end();
      assert.ok([4406, 1002, 1006].includes(found.code), `closed with ${found.code}`);
      assert.notEqual(wire.socket.protocol, "graphql-ws");
    });
  }

  // connection_init
  for (const [name, payload] of [["no payload", undefined], ["a null payload", null], ["an empty payload", {}], ["an unknown key", { colour: "red" }]]) {
    test(`init with ${name} is acknowledged`, async (t) => {
      const wire = await opened(t);
      wire.send({ ...INIT, payload });
      assert.deepEqual(await wire.next(), ACK);
    });
  }

  for (const [name, payload] of [["an array", []], ["a string", "token"], ["a number", 42], ["true", true]]) {
    test(`init with ${name} as payload closes with 4400`, closedBy(4400, { ...INIT, payload }));
  }

  for (const name of ["authorization", "Authorization"]) {
    test(`init with a good token as ${name} is acknowledged and knows the member`, async (t) => {
      const wire = await opened(t);
      wire.send({ ...INIT, payload: { [name]: `Bearer ${token}` } });
      assert.deepEqual(await wire.next(), ACK);
      wire.subscribe("1", "{ viewer { __typename } }");
      assert.deepEqual(await answeredTo(wire), { data: { viewer: { __typename: "Member" } } });
    });
  }

  for (const [name, authorization] of [
    ["a forged token", "Bearer a.b.c"],
    ["an expired token", `Bearer ${tokenOf("late", { seconds: -5 })}`],
    ["another scheme", "Basic YTpi"],
    ["a number for a token", 42],
  ]) {
    test(`init with ${name} closes with 4403`, closedBy(4403, { ...INIT, payload: { authorization } }));
  }

  test("a second init closes with 4429", async (t) => {
    const wire = await acknowledged(t);
    wire.send(INIT);
    await closing(wire, 4429);
  });

  test("a second init before the first is answered closes with 4429", closedBy(4429, INIT, INIT));

  test("no init closes with 4408", async (t) => {
    const wire = await opened(t);
    assert.equal((await wire.end(65_000)).code, 4408);
  });

  test(`a member's socket over ${SOCKETS} closes with 1013, until another is left`, async (t) => {
    const member = await newMember("wire");
    const wires = await Promise.all(Array.from({ length: SOCKETS }, () => acknowledged(t, member)));
    const init = { ...INIT, payload: { authorization: `Bearer ${member}` } };
    await closedBy(1013, init)(t);
    wires[0].socket.close(1000);
    await wires[0].end();
    await eventually(async () => {
      const wire = await opened(t);
      wire.send(init);
      return (await wire.next()).type === "connection_ack";
    });
  });

  test("the token's expiry closes with 4403", async (t) => {
    const wire = await acknowledged(t, tokenOf("brief", { seconds: 2 }));
    await closing(wire, 4403);
  });

  // ping and pong
  for (const [name, ping, pong] of [
    ["without payload", { type: "ping" }, { type: "pong" }],
    ["with null", { type: "ping", payload: null }, { type: "pong" }],
    ["with a payload, which comes back", { type: "ping", payload: { at: 7 } }, { type: "pong", payload: { at: 7 } }],
  ]) {
    for (const [when, ready] of [["before init", opened], ["after the ack", acknowledged]]) {
      test(`ping ${name}, ${when}`, async (t) => {
        const wire = await ready(t);
        wire.send(ping);
        assert.deepEqual(await wire.next(), pong);
      });
    }
  }

  test("an unasked pong is let pass", async (t) => {
    const wire = await acknowledged(t);
    wire.send({ type: "pong", payload: { alive: true } });
    await stillServes(wire);
  });

  // what is no message
  for (const [name, frame] of [
    ["no JSON", "{"],
    ["an empty frame", ""],
    ["null", "null"],
    ["a number", "42"],
    ["a string", '"ping"'],
    ["an array", "[]"],
    ["no type", "{}"],
    ["a null type", { type: null }],
    ["a number as type", { type: 1 }],
    ["an unknown type", { type: "hello" }],
    ["a type of the legacy protocol", { type: "start", id: "1", payload: { query: "{ __typename }" } }],
    ["a message of the server", { type: "next", id: "1", payload: {} }],
    ["a ping with a string as payload", { type: "ping", payload: "x" }],
    ["a pong with an array as payload", { type: "pong", payload: [] }],
    ["deep nesting", `{"type":"ping","payload":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`],
  ]) {
    test(`${name} closes with 4400`, async (t) => {
      const wire = await acknowledged(t);
      wire.send(frame);
      await closing(wire, 4400);
    });
  }

  test("a binary frame closes with 4400", async (t) => {
    const wire = await acknowledged(t);
    wire.send(Buffer.from([0xff, 0xfe]));
    await closing(wire, 4400);
  });

  test("a message over 1 MiB closes with 1009", async (t) => {
    const wire = await acknowledged(t);
    wire.subscribe("1", `{ __typename } #${"x".repeat(1024 * 1024)}`);
    await closing(wire, 1009);
  });
});

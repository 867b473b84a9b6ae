// What the suites of graphql-transport-ws say and expect in common.
import assert from "node:assert/strict";

import { opened } from "./wire.mjs";

export const ACK = { type: "connection_ack" };
export const INIT = { type: "connection_init" };
export const TYPENAME = { data: { __typename: "Query" } };
export const QUORUM = "subscription ($id: ID!) { quorum(proposalId: $id) { seq participatingWeight } }";

export const closing = async (wire, code) => assert.equal((await wire.end()).code, code);

/** A test: after these frames on a new socket the server closes with the code. */
export const closedBy = (code, ...frames) => async (t) => {
  const wire = await opened(t);
  for (const frame of frames) wire.send(frame);
  await closing(wire, code);
};

/** The payload of an operation with one result. */
export const answeredTo = async (wire, id = "1") => {
  const [next, complete] = [await wire.next(), await wire.next()];
  assert.deepEqual([next.id, next.type, complete], [id, "next", { id, type: "complete" }]);
  return next.payload;
};

export const stillServes = async (wire) => {
  wire.subscribe("after", "{ __typename }");
  assert.deepEqual(await answeredTo(wire, "after"), TYPENAME);
};

/** The errors of an operation that never began. */
export const refusedWith = async (wire, id = "1") => {
  const frame = await wire.next();
  assert.deepEqual([frame.id, frame.type], [id, "error"]);
  assert.ok(Array.isArray(frame.payload) && frame.payload.length > 0);
  for (const error of frame.payload) assert.equal(typeof error.message, "string");
  return frame.payload;
};

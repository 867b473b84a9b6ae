// relay-runtime with what relay-compiler and babel-plugin-relay make of snippets/relay.
import assert from "node:assert/strict";
import { register } from "node:module";
import test from "node:test";

import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getSingularSelector,
  requestSubscription,
} from "relay-runtime";
import { WebSocket } from "ws";

import { ask, asked, drafted, eventually, home, newMember, vote, voting } from "./api.mjs";
import { makeRelay } from "./snippets/relay/environment.js";
import { openSocket } from "./snippets/socket.mjs";

register("./bundling.mjs", import.meta.url);
const operations = await import("./snippets/relay/operations.js");
const { default: nextPage } = await import("./generated/relay/operationsNextPageQuery.graphql.js");
const { default: memberAgain } = await import("./generated/relay/operationsMemberQuery.graphql.js");

function relayOf(t, token) {
  const socket = openSocket(home, () => token, { webSocketImpl: WebSocket });
  t.after(() => socket.dispose());
  return makeRelay(home, () => token, socket);
}

const committed = (environment, mutation, variables, rest) =>
  new Promise((resolve, onError) => {
    commitMutation(environment, { mutation, variables, onError, onCompleted: resolve, ...rest });
  });

/** What a fragment reads from the store, below the data that spreads it. */
function read(environment, fragment, from) {
  const { data, isMissingData } = environment.lookup(getSingularSelector(fragment, from));
  assert.equal(isMissingData, false);
  return data;
}

/** A query's data, with its references to fragments, kept in the store while the test runs. */
async function asQueried(t, environment, query, variables) {
  const operation = createOperationDescriptor(query, variables);
  const kept = environment.retain(operation);
  t.after(() => kept.dispose());
  await fetchQuery(environment, query, variables).toPromise();
  return environment.lookup(operation.fragment).data;
}

async function author(drafts) {
  const token = await newMember("relay");
  for (let at = 0; at < drafts; at += 1) await drafted(token);
  return { token, filter: { author: (await ask(token, "{ viewer { id } }")).viewer.id } };
}

test("a connection grows page by page", async (t) => {
  const { token, filter } = await author(5);
  const relay = relayOf(t, token);
  const root = await asQueried(t, relay, operations.proposals, { filter });
  const sizes = [];
  for (;;) {
    const { proposals } = read(relay, operations.list, root);
    sizes.push(proposals.edges.length);
    if (!proposals.pageInfo.hasNextPage) break;
    await fetchQuery(relay, nextPage, { filter, first: 2, after: proposals.pageInfo.endCursor }).toPromise();
  }
  assert.deepEqual(sizes, [2, 4, 5]);
});

test("@prependNode puts what a mutation made into the connection", async (t) => {
  const { token, filter } = await author(1);
  const relay = relayOf(t, token);
  const root = await asQueried(t, relay, operations.proposals, { filter });
  const { __id } = read(relay, operations.list, root).proposals;
  const input = { title: "Grow tomatoes", body: "On the roof." };
  const { createProposal } = await committed(relay, operations.createProposal, { input, connections: [__id] });
  assert.deepEqual(createProposal.userErrors, []);
  const [first, ...others] = read(relay, operations.list, root).proposals.edges;
  assert.deepEqual([read(relay, operations.line, first.node).title, others.length], ["Grow tomatoes", 1]);
});

test("@refetchable asks node(id) for one member anew", async (t) => {
  const token = await newMember("relay");
  const relay = relayOf(t, token);
  const { viewer } = await asQueried(t, relay, operations.viewer, {});
  await ask(token, 'mutation { updateProfile(input: { displayName: "Rea" }) { member { id } } }');
  await fetchQuery(relay, memberAgain, { id: viewer.id }).toPromise();
  assert.equal(read(relay, operations.member, viewer).displayName, "Rea");
});

test("a mutation's payload updates the record that fragments read", async (t) => {
  const relay = relayOf(t, await newMember("relay"));
  const { viewer } = await asQueried(t, relay, operations.viewer, {});
  await committed(relay, operations.rename, { input: { displayName: "Relia" } });
  assert.equal(read(relay, operations.member, viewer).displayName, "Relia");
});

test("an optimistic response shows until the server's", async (t) => {
  const relay = relayOf(t, await newMember("relay"));
  const { viewer } = await asQueried(t, relay, operations.viewer, {});
  const { handle } = read(relay, operations.member, viewer);
  const optimisticResponse = {
    updateProfile: { member: { id: viewer.id, handle, displayName: "at once" }, userErrors: [] },
  };
  const done = committed(relay, operations.rename, { input: { displayName: "in truth" } }, { optimisticResponse });
  assert.equal(read(relay, operations.member, viewer).displayName, "at once");
  await done;
  assert.equal(read(relay, operations.member, viewer).displayName, "in truth");
});

test("a refusal is data of the payload", async (t) => {
  const { token } = await author(0);
  const draft = await drafted(token);
  const input = { proposalId: draft.id, choice: "FOR" };
  const { castVote } = await committed(relayOf(t, token), operations.castVote, { input });
  assert.deepEqual([castVote.vote, castVote.userErrors[0].code], [null, "VOTING_CLOSED"]);
});

test("@deleteRecord takes what was deleted out of the store", async (t) => {
  const token = await newMember("relay");
  const relay = relayOf(t, token);
  const { viewer } = await ask(token, "{ viewer { twin { id } } }");
  const start = "mutation ($twinId: ID!) { startChat(input: { twinId: $twinId }) { session { id } } }";
  const { id } = (await ask(token, start, { twinId: viewer.twin.id })).startChat.session;
  relay.commitUpdate((store) => store.create(id, "ChatSession"));
  await committed(relay, operations.deleteChat, { input: { sessionId: id } });
  assert.equal(relay.getStore().getSource().get(id), null);
});

test("a file is uploaded with its mutation", async (t) => {
  const relay = relayOf(t, await newMember("relay"));
  const file = new File(["My bed is level."], "bed.txt", { type: "text/plain" });
  const uploadables = { "variables.input.file": file };
  const { uploadDocument } = await committed(relay, operations.upload, { input: { file: null } }, { uploadables });
  assert.deepEqual([uploadDocument.userErrors, uploadDocument.document.filename], [[], "bed.txt"]);
});

test("a subscription updates the record that fragments read", async (t) => {
  const { token, filter } = await author(0);
  const relay = relayOf(t, token);
  const { id } = await voting(token);
  const root = await asQueried(t, relay, operations.proposals, { filter });
  const [{ node }] = read(relay, operations.list, root).proposals.edges;
  const shown = () => read(relay, operations.line, node).quorum.participation;
  const { dispose } = requestSubscription(relay, { subscription: operations.proposalChanged, variables: { id } });
  t.after(dispose);
  assert.equal(shown(), 0);
  await vote(token, id, "FOR");
  await eventually(() => shown() > 0);
});

test("a reply's events come through", async (t) => {
  const token = await newMember("relay");
  const relay = relayOf(t, token);
  const variables = { replyId: await asked(token, "What do I dry?"), afterSeq: -1 };
  const events = [];
  await new Promise((onCompleted, onError) => {
    const onNext = ({ chatTokens }) => events.push(chatTokens);
    requestSubscription(relay, { subscription: operations.reply, variables, onNext, onCompleted, onError });
  });
  assert.equal(events.map(({ text }) => text ?? "").join(""), events.at(-1).message.content);
});

test("an error of a field is told with its message", async (t) => {
  const relay = relayOf(t, await newMember("relay"));
  const variables = { filter: null, first: 2, after: "no cursor" };
  await assert.rejects(fetchQuery(relay, nextPage, variables).toPromise(), /no cursor of this list/);
});

// @urql/core with graphcache, made as docs/clients.md makes it.
import assert from "node:assert/strict";
import test, { before } from "node:test";

import { gql } from "@urql/core";
import { getIntrospectionQuery } from "graphql";
import { WebSocket } from "ws";

import { ask, asked, drafted, eventually, home, newMember, vote, voting } from "./api.mjs";
import { documents } from "./documents.mjs";
import { openSocket } from "./snippets/socket.mjs";
import { makeUrql } from "./snippets/urql.mjs";

const { CastVoteDocument, CreateProposalDocument, ProposalChangedDocument, ProposalsDocument } = documents;
const { ReplyDocument, ThingsDocument, UploadDocumentDocument } = documents;
const PROPOSAL = gql`query ($id: ID!) { proposal(id: $id) { id title status myVote { id choice } } }`;

let schema;
before(async () => {
  schema = await ask(await newMember("urql"), getIntrospectionQuery());
});

/** A client that fails its test when graphcache warns of what it cannot keep. */
function urqlOf(t, token) {
  const { warn, error } = console;
  const said = [];
  console.warn = console.error = (...words) => said.push(words.join(" "));
  const socket = openSocket(home, () => token, { webSocketImpl: WebSocket });
  t.after(() => {
    [console.warn, console.error] = [warn, error];
    socket.dispose();
    assert.deepEqual(said, []);
  });
  return makeUrql(home, () => token, socket, schema);
}

const found = ({ data, error }) => {
  if (error) throw error;
  return data;
};

/** All that a query or stream gives from now on; `stop` ends it. */
function watched(t, source) {
  const results = [];
  const { unsubscribe } = source.subscribe((result) => results.push(result));
  t.after(unsubscribe);
  return results;
}

test("a query is answered, and then from the cache", async (t) => {
  const token = await newMember("urql");
  const urql = urqlOf(t, token);
  const { id } = await drafted(token);
  const first = found(await urql.query(PROPOSAL, { id }));
  const second = await urql.query(PROPOSAL, { id }, { requestPolicy: "cache-only" });
  assert.deepEqual([first.proposal.status, found(second)], ["DRAFT", first]);
});

test("pages are joined by relayPagination", async (t) => {
  const token = await newMember("urql");
  const author = (await ask(token, "{ viewer { id } }")).viewer.id;
  for (let at = 0; at < 5; at += 1) await drafted(token);
  const urql = urqlOf(t, token);
  const variables = { first: 2, filter: { author } };
  let { proposals } = found(await urql.query(ProposalsDocument, variables));
  while (proposals.pageInfo.hasNextPage) {
    const next = { ...variables, after: proposals.pageInfo.endCursor };
    proposals = found(await urql.query(ProposalsDocument, next)).proposals;
  }
  assert.equal(new Set(proposals.edges.map(({ node }) => node.id)).size, 5);
});

test("a ballot shows at once, and then as the server has it", async (t) => {
  const token = await newMember("urql");
  const { id } = await voting(token);
  const urql = urqlOf(t, token);
  const seen = watched(t, urql.query(PROPOSAL, { id }));
  await eventually(() => seen.length === 1);
  found(await urql.mutation(CastVoteDocument, { input: { proposalId: id, choice: "AGAINST" } }));
  await eventually(() => seen.at(-1).data.proposal.myVote?.id.startsWith("Vote of") === false);
  const votes = seen.map(({ data }) => data.proposal.myVote);
  assert.deepEqual([votes[0], votes[1].id, votes[1].choice], [null, `Vote of ${id}`, "AGAINST"]);
  assert.equal(votes.at(-1).choice, "AGAINST");
});

test("a refused ballot's optimistic one is taken back", async (t) => {
  const token = await newMember("urql");
  const { id } = await drafted(token);
  const urql = urqlOf(t, token);
  const seen = watched(t, urql.query(PROPOSAL, { id }));
  await eventually(() => seen.length === 1);
  const { castVote } = found(await urql.mutation(CastVoteDocument, { input: { proposalId: id, choice: "FOR" } }));
  assert.equal(castVote.userErrors[0].code, "VOTING_CLOSED");
  await eventually(() => seen.at(-1).data.proposal.myVote === null);
});

test("a mutation's payload updates the normalised proposal in a list", async (t) => {
  const token = await newMember("urql");
  const author = (await ask(token, "{ viewer { id } }")).viewer.id;
  const { id } = await voting(token);
  const urql = urqlOf(t, token);
  const seen = watched(t, urql.query(ProposalsDocument, { filter: { author } }));
  await eventually(() => seen.at(-1)?.data.proposals.edges[0].node.quorum.participation === 0);
  found(await urql.mutation(CastVoteDocument, { input: { proposalId: id, choice: "ABSTAIN" } }));
  await eventually(() => seen.at(-1).data.proposals.edges[0].node.quorum.participation > 0);
});

test("a new proposal makes the list be asked for again", async (t) => {
  const token = await newMember("urql");
  const author = (await ask(token, "{ viewer { id } }")).viewer.id;
  const urql = urqlOf(t, token);
  const seen = watched(t, urql.query(ProposalsDocument, { filter: { author } }));
  await eventually(() => seen.length === 1);
  found(await urql.mutation(CreateProposalDocument, { input: { title: "Paint the hall", body: "White." } }));
  await eventually(() => seen.at(-1).data.proposals.edges.length === 1);
});

test("a subscription updates what a query watches", async (t) => {
  const token = await newMember("urql");
  const author = (await ask(token, "{ viewer { id } }")).viewer.id;
  const { id } = await voting(token);
  const urql = urqlOf(t, token);
  const seen = watched(t, urql.query(ProposalsDocument, { filter: { author } }));
  watched(t, urql.subscription(ProposalChangedDocument, { proposalId: id }));
  await eventually(() => seen.at(-1)?.data.proposals.edges[0].node.quorum.participation === 0);
  await vote(token, id, "FOR");
  await eventually(() => seen.at(-1).data.proposals.edges[0].node.quorum.participation > 0);
});

test("a reply's events come through as their own types", async (t) => {
  const token = await newMember("urql");
  const urql = urqlOf(t, token);
  const replyId = await asked(token, "Which nozzle do I prefer?");
  const events = watched(t, urql.subscription(ReplyDocument, { replyId }));
  await eventually(() => events.at(-1)?.data.chatTokens.message);
  const told = events.map(({ data }) => data.chatTokens);
  assert.equal(told.map(({ text }) => text ?? "").join(""), told.at(-1).message.content);
  assert.deepEqual([told[0].__typename, told.at(-1).__typename], ["ChatContext", "ChatDone"]);
});

test("things of several types stand in one list", async (t) => {
  const token = await newMember("urql");
  const { viewer } = await ask(token, "{ viewer { id twin { id } } }");
  const ids = [viewer.id, viewer.twin.id, (await drafted(token)).id];
  const { nodes } = found(await urqlOf(t, token).query(ThingsDocument, { ids }));
  assert.deepEqual(nodes.map(({ __typename }) => __typename), ["Member", "Twin", "Proposal"]);
});

test("an error has its code", async (t) => {
  const urql = urqlOf(t, await newMember("urql"));
  const { error } = await urql.query(ProposalsDocument, { after: "no cursor" });
  assert.equal(error.graphQLErrors[0].extensions.code, "BAD_USER_INPUT");
});

test("a forged token is told as such", async (t) => {
  const { error } = await urqlOf(t, "x.y.z").query(PROPOSAL, { id: "UHJvcG9zYWw6MQ" });
  assert.equal(error.response.status, 401);
  assert.equal(error.graphQLErrors[0].extensions.code, "UNAUTHENTICATED");
});

test("urql's own multipart upload arrives", async (t) => {
  const token = await newMember("urql");
  const urql = urqlOf(t, token);
  const file = new File(["I print brackets with 0.6 mm."], "brackets.txt", { type: "text/plain" });
  const fetchOptions = { headers: { Authorization: `Bearer ${token}`, "GraphQL-Require-Preflight": "true" } };
  const sent = await urql.mutation(UploadDocumentDocument, { input: { file, visibility: "DAO" } }, { fetchOptions });
  const { document, userErrors } = found(sent).uploadDocument;
  assert.deepEqual([userErrors, document.filename, document.visibility], [[], "brackets.txt", "DAO"]);
});

test("queries may go by GET", async (t) => {
  const token = await newMember("urql");
  const { id } = await drafted(token);
  const { proposal } = found(await urqlOf(t, token).query(PROPOSAL, { id }, { preferGetMethod: "force" }));
  assert.equal(proposal.id, id);
});

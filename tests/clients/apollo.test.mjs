// @apollo/client over HTTP and the socket, made as docs/clients.md makes it.
import assert from "node:assert/strict";
import test from "node:test";

import { HttpLink } from "@apollo/client";

import { ask, asked, drafted, eventually, home, newMember, resolved, vote, voting } from "./api.mjs";
import { apolloOf } from "./apollo.mjs";
import { documents } from "./documents.mjs";
import { mutateOnce } from "./snippets/idempotency.mjs";
import { makeUploadLink } from "./snippets/apollo-uploads.mjs";
import { codeOf, refusalOf } from "./snippets/errors.mjs";

const { CastVoteDocument, CreateProposalDocument, ProposalChangedDocument, ProposalsDocument } = documents;
const { ReplyDocument, ResolvedDocument, ThingsDocument, UploadDocumentDocument } = documents;

/** A new member with so many drafts: its client, token and id. */
async function author(t, drafts = 0) {
  const token = await newMember("apollo");
  for (let at = 0; at < drafts; at += 1) await drafted(token);
  const { viewer } = await ask(token, "{ viewer { id } }");
  return { apollo: apolloOf(t, token), token, id: viewer.id };
}

test("pages are joined in the cache by relayStylePagination", async (t) => {
  const { apollo, id } = await author(t, 5);
  const variables = { first: 2, filter: { author: id } };
  const proposals = apollo.watchQuery({ query: ProposalsDocument, variables });
  let found = (await proposals.refetch()).data.proposals;
  while (found.pageInfo.hasNextPage) {
    await proposals.fetchMore({ variables: { after: found.pageInfo.endCursor } });
    found = proposals.getCurrentResult().data.proposals;
  }
  assert.equal(found.edges.length, 5);
  assert.equal(new Set(found.edges.map(({ node }) => node.id)).size, 5);
  const again = await apollo.query({ query: ProposalsDocument, variables, fetchPolicy: "cache-only" });
  assert.equal(again.data.proposals.edges.length, 5);
});

test("a mutation's payload updates what the cache holds", async (t) => {
  const { apollo, token } = await author(t);
  const { id } = await voting(token);
  const before = await apollo.query({ query: ThingsDocument, variables: { ids: [id] } });
  assert.equal(before.data.nodes[0].status, "VOTING");
  await apollo.mutate({ mutation: CastVoteDocument, variables: { input: { proposalId: id, choice: "AGAINST" } } });
  const kept = apollo.cache.extract()[`Proposal:${id}`];
  assert.deepEqual(apollo.cache.extract()[kept.myVote.__ref].choice, "AGAINST");
});

test("a subscription updates the cache that a query watches", async (t) => {
  const { apollo, token, id: authorId } = await author(t);
  const { id } = await voting(token);
  const seen = [];
  const watching = apollo
    .watchQuery({ query: ProposalsDocument, variables: { filter: { author: authorId } } })
    .subscribe(({ data }) => data && seen.push(data.proposals.edges[0]?.node.quorum.participation));
  const changes = apollo.subscribe({ query: ProposalChangedDocument, variables: { proposalId: id } }).subscribe(() => {});
  await eventually(() => seen.includes(0));
  await vote(token, id, "ABSTAIN");
  await eventually(() => seen.at(-1) > 0);
  changes.unsubscribe();
  watching.unsubscribe();
});

test("a reply's tokens join to the message that ends it", async (t) => {
  const token = await newMember("apollo");
  const apollo = apolloOf(t, token);
  const replyId = await asked(token, "Who services the printer?");
  const events = [];
  await new Promise((complete, error) => {
    apollo
      .subscribe({ query: ReplyDocument, variables: { replyId }, fetchPolicy: "no-cache" })
      .subscribe({ next: ({ data }) => events.push(data.chatTokens), error, complete });
  });
  assert.equal(events.map(({ text }) => text ?? "").join(""), events.at(-1).message.content);
});

test("a refusal is data that names its field", async (t) => {
  const apollo = apolloOf(t, await newMember("apollo"));
  const variables = { input: { title: "", body: "b" } };
  const { data, error } = await apollo.mutate({ mutation: CreateProposalDocument, variables });
  assert.equal(error, undefined);
  assert.equal(data.createProposal.proposal, null);
  assert.deepEqual(refusalOf(data.createProposal).map(([field]) => field), ["title"]);
});

test("a failure has a code: without a token, with a bad one, in a subscription, in a variable", async (t) => {
  const anonymous = apolloOf(t, "forged");
  await assert.rejects(anonymous.query({ query: ProposalsDocument }), (error) => codeOf(error) === "UNAUTHENTICATED");
  const apollo = apolloOf(t, await newMember("apollo"));
  const bad = { query: ProposalsDocument, variables: { after: "no cursor" } };
  await assert.rejects(apollo.query(bad), (error) => codeOf(error) === "BAD_USER_INPUT");
  const failed = await new Promise((resolve, reject) => {
    const nobody = Buffer.from("Proposal:2147483647").toString("base64url");
    apollo
      .subscribe({ query: ProposalChangedDocument, variables: { proposalId: nobody } })
      .subscribe({ next: ({ error }) => error && resolve(error), error: resolve, complete: () => reject(new Error("no error")) });
  });
  assert.equal(codeOf(failed), "NOT_FOUND");
});

test("things of several types stand in one list", async (t) => {
  const { apollo, token, id } = await author(t);
  const draft = await drafted(token);
  const nobody = Buffer.from("Member:2147483647").toString("base64url");
  const { data } = await apollo.query({ query: ThingsDocument, variables: { ids: [id, draft.id, nobody] } });
  assert.deepEqual(data.nodes.map((node) => node?.__typename), ["Member", "Proposal", undefined]);
  assert.equal(data.nodes[1].status, "DRAFT");
});

test("decisions are told from the first one on", async (t) => {
  const { apollo, token } = await author(t);
  const id = await resolved(token, (await voting(token)).id);
  const heard = [];
  const stream = apollo.subscribe({ query: ResolvedDocument, variables: { afterSeq: -1 }, fetchPolicy: "no-cache" });
  const hearing = stream.subscribe({ next: ({ data }) => heard.push(data.resolved) });
  await eventually(() => heard.find(({ proposal }) => proposal.id === id));
  hearing.unsubscribe();
  assert.deepEqual(heard.map(({ seq }) => seq), heard.map((_, at) => at));
});

test("a file is uploaded as multipart, with the preflight header", async (t) => {
  const token = await newMember("apollo");
  const apollo = apolloOf(t, token, makeUploadLink(home));
  const file = new File(["# Filament\nI dry PETG every week."], "filament.md", { type: "text/markdown" });
  const { data } = await apollo.mutate({ mutation: UploadDocumentDocument, variables: { input: { file } } });
  assert.deepEqual(data.uploadDocument.userErrors, []);
  assert.deepEqual([data.uploadDocument.document.filename, data.uploadDocument.document.bytes], ["filament.md", file.size]);
});

test("a mutation whose answer got lost is sent again, and happens once", async (t) => {
  const { token, id } = await author(t);
  let sent = 0;
  const losing = async (...request) => {
    const answer = await fetch(...request);
    if ((sent += 1) < 3) throw new TypeError("The network is gone.");
    return answer;
  };
  const apollo = apolloOf(t, token, new HttpLink({ uri: `${home}/graphql`, fetch: losing }));
  const { data } = await mutateOnce(apollo, CreateProposalDocument, { title: "Mend the lift", body: "It squeaks." });
  const mine = "query ($filter: ProposalFilter) { proposals(filter: $filter) { nodes { id } } }";
  const { proposals } = await ask(token, mine, { filter: { author: id } });
  assert.deepEqual([sent, proposals.nodes], [3, [{ id: data.createProposal.proposal.id }]]);
});

test("a refusal and a bad variable are not sent again", async (t) => {
  const apollo = apolloOf(t, await newMember("apollo"));
  const refused = await mutateOnce(apollo, CreateProposalDocument, { title: "", body: "b" });
  assert.equal(refused.data.createProposal.userErrors[0].code, "BAD_USER_INPUT");
  await assert.rejects(mutateOnce(apollo, CreateProposalDocument, { title: 7, body: "b" }), (error) => codeOf(error) === "BAD_USER_INPUT");
});

test("the cache knows every union of the schema", async (t) => {
  const { makeCache } = await import("./snippets/apollo.mjs");
  const { __schema } = await ask(await newMember("apollo"), "{ __schema { types { kind name possibleTypes { name } } } }");
  const unions = __schema.types.filter(({ kind }) => kind === "UNION").map(({ name, possibleTypes }) => [name, possibleTypes.map((type) => type.name).sort()]);
  const known = makeCache().config.possibleTypes;
  for (const [name, types] of unions) assert.deepEqual([...(known[name] ?? [])].sort(), types, name);
});

// The served API as its tests see it: where it is, tokens for anybody, and what a test needs to be there.
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const data = process.env.FRONTIER_DATA;
if (!data) throw new Error("Run `make clients`: it starts a server and says where it is.");

export const home = process.env.FRONTIER_URL;
export const url = `${home}/graphql`;
export const socketUrl = url.replace(/^http/, "ws");

/** How many a member may have. */
export const SOCKETS = Number(process.env.FRONTIER_SOCKETS);

const key = readFileSync(`${data}/token.key`, "utf8").trim();
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of the local issuer, as `frontier token` makes them; `seconds` may be past. */
export function tokenOf(handle, { seconds = 3_600, role = "MEMBER" } = {}) {
  const now = Math.floor(Date.now() / 1_000);
  const named = { iss: "frontier-local", aud: "frontier", sub: `local|${handle}`, handle, role };
  const signed = `${encoded({ alg: "HS256" })}.${encoded({ ...named, iat: now, exp: now + seconds })}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

/** A handle that nobody has yet. */
export const newHandle = (stem) => `${stem}-${randomUUID().slice(0, 8)}`;

/** The token of a member who has logged in once. */
export async function newMember(stem = "member") {
  const token = tokenOf(newHandle(stem));
  await ask(token, "{ viewer { id } }");
  return token;
}

/** One operation by plain fetch: its data, or an error that shows what came. */
export async function ask(token, query, variables = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data: found, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return found;
}

const refused = (payload) => {
  if (payload.userErrors.length) throw new Error(JSON.stringify(payload.userErrors));
  return payload;
};

/** A DRAFT of the token's member. */
export async function drafted(token, title = `Buy a printer ${randomUUID()}`) {
  const create = `mutation ($input: CreateProposalInput!) {
    createProposal(input: $input) { proposal { id number title } userErrors { code message } }
  }`;
  const { createProposal } = await ask(token, create, { input: { title, body: "It prints." } });
  return refused(createProposal).proposal;
}

/** A proposal that all members of now may vote on. */
export async function voting(token, title) {
  const proposal = await drafted(token, title);
  const [open, start] = ["openProposal", "startVoting"].map(
    (step) => `mutation ($id: ID!) { step: ${step}(input: { proposalId: $id }) { userErrors { code message } } }`,
  );
  for (const step of [open, start]) refused((await ask(token, step, { id: proposal.id })).step);
  return proposal;
}

export async function vote(token, proposalId, choice) {
  const cast = `mutation ($input: CastVoteInput!) {
    castVote(input: $input) { proposal { status } userErrors { code message } }
  }`;
  return refused((await ask(token, cast, { input: { proposalId, choice } })).castVote).proposal.status;
}

/** Votes for all who may, until the proposal passes; its id. */
export async function resolved(token, proposalId) {
  for (let after = null, more = true; more; ) {
    const page = "query ($after: String) { members(first: 100, after: $after) { nodes { handle } pageInfo { endCursor hasNextPage } } }";
    const { members } = await ask(token, page, { after });
    [after, more] = [members.pageInfo.endCursor, members.pageInfo.hasNextPage];
    for (const { handle } of members.nodes) {
      const power = "query ($id: ID!) { proposal(id: $id) { myVotingPower } }";
      const voter = tokenOf(handle);
      const { proposal } = await ask(voter, power, { id: proposalId });
      if (proposal.myVotingPower && (await vote(voter, proposalId, "FOR")) === "PASSED") return proposalId;
    }
  }
  throw new Error("Everybody voted for it, and it did not pass.");
}

/** The id of a reply that the member's twin is writing. */
export async function asked(token, text) {
  const { viewer } = await ask(token, "{ viewer { twin { id } } }");
  const start = "mutation ($twinId: ID!) { startChat(input: { twinId: $twinId }) { session { id } } }";
  const { startChat } = await ask(token, start, { twinId: viewer.twin.id });
  const send = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { replyId } }";
  return (await ask(token, send, { input: { sessionId: startChat.session.id, text } })).sendMessage.replyId;
}

/** Waits until `found()` is neither undefined, null nor false, and gives it; at most ten seconds. */
export async function eventually(found, what = String(found)) {
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    const value = await found();
    if (value !== undefined && value !== null && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`It did not happen within ten seconds: ${what}`);
}

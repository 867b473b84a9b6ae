// GraphiQL for Frontier: queries and mutations over HTTP, subscriptions over graphql-transport-ws, the token from the
// link that `frontier up` prints or from the headers editor.
"use strict";

const EXAMPLES = [
  ["Viewer", `# Who am I? Your twin's id is needed to chat with it.
query Viewer {
  viewer {
    id
    handle
    displayName
    role
    weight
    twin { id }
  }
}`],
  ["Upload", `# A file is sent from a terminal:
#
#   curl -H "Authorization: Bearer TOKEN" -F file=@notes.md ${location.origin}/upload
#
# The answer holds its id. Watch it being read:
subscription Reading($documentId: ID!) {
  documentChanged(documentId: $documentId) {
    filename
    status
    progress
    chunkCount
    topics { title }
    error { code message }
  }
}`, { documentId: "" }],
  ["Documents", `# Your own documents and those of the DAO.
query Documents {
  documents(first: 10) {
    totalCount
    nodes { id filename visibility status chunkCount topics { title } }
  }
}`],
  ["Start chat", `# twinId: from the first tab. Only its own member may talk to a twin.
mutation StartChat($twinId: ID!) {
  startChat(input: { twinId: $twinId, title: "First talk" }) {
    session { id title }
    userErrors { code message field }
  }
}`, { twinId: "" }],
  ["Send message", `# sessionId: from the chat. The answer's id is replyId: watch it in the next tab.
mutation SendMessage($sessionId: ID!, $text: String!) {
  sendMessage(input: { sessionId: $sessionId, text: $text }) {
    message { id }
    replyId
    userErrors { code message field }
  }
}`, { sessionId: "", text: "Which material do I prefer for prototypes, and why?" }],
  ["Reply", `# The reply as it is made; it can be replayed from any seq.
subscription Reply($replyId: ID!) {
  chatTokens(replyId: $replyId, afterSeq: -1) {
    seq
    ... on ChatContext { degraded citations { quote score } }
    ... on ChatToken { text }
    ... on ChatDone { message { content model citations { quote score } } }
    ... on ChatFailed { error { code message retryable } }
  }
}`, { replyId: "" }],
  ["Proposals", `query Proposals {
  proposals(first: 10, orderBy: CREATED_DESC) {
    nodes {
      id
      number
      title
      status
      votingEndsAt
      rules { quorumPercent majorityPercent }
      quorum { participation support quorumReached majorityReached }
      myVote { choice castBy }
    }
  }
}`],
  ["Vote", `# proposalId: one in VOTING. Voting again replaces your ballot while voting runs.
mutation Vote($proposalId: ID!) {
  castVote(input: { proposalId: $proposalId, choice: FOR, reason: "It saves filament." }) {
    vote { id choice weight castAt }
    proposal { status quorum { participation support quorumReached majorityReached } }
    userErrors { code message field }
  }
}`, { proposalId: "" }],
  ["Quorum", `# The present state first, then each newer one.
subscription Quorum($proposalId: ID!) {
  quorum(proposalId: $proposalId) {
    seq
    forWeight
    againstWeight
    abstainWeight
    participation
    quorumReached
    majorityReached
    decided
  }
}`, { proposalId: "" }],
  ["Resolved", `# Every decision, in order, from the first one on.
subscription Resolved {
  resolved(afterSeq: -1) {
    seq
    passed
    reason
    decidedAt
    proposal { number title }
    tally { forWeight againstWeight abstainWeight eligibleWeight }
  }
}`],
  ["Facts", `# The shared graph, in words and with times.
query Facts {
  searchFacts(query: "how did Ana vote on the printer?", days: null) {
    text
    relation
    validFrom
    validTo
  }
}`],
].map(([, query, variables]) => ({ query, variables: variables && JSON.stringify(variables, null, 2) }));

const KEPT = "frontier-token";

/** The token of the link that opened this page, kept for this tab only and taken out of the address. */
function takeToken() {
  const given =
    new URLSearchParams(location.hash.slice(1)).get("token") ?? new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
  return given ?? sessionStorage.getItem(KEPT);
}

const token = takeToken();

/** What the headers editor says wins; otherwise the token of the link. */
function authorization(headers) {
  const typed = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "authorization");
  return typed ? typed[1] : token ? `Bearer ${token}` : undefined;
}

function operationKind(params, options) {
  const named = (options?.documentAST?.definitions ?? []).filter(
    (part) =>
      part.kind === "OperationDefinition" && (!params.operationName || part.name?.value === params.operationName),
  );
  return named[0]?.operation ?? "query";
}

async function overHttp(params, headers) {
  const bearer = authorization(headers);
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...headers,
      ...(bearer ? { Authorization: bearer } : {}),
    },
    body: JSON.stringify(params),
  });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${answer.status}: ${text}`);
  }
}

/** One socket for each bearer: the token is said once, when the socket opens. */
const sockets = new Map();

function socketOf(bearer) {
  if (!sockets.has(bearer)) {
    const address = `${location.origin.replace(/^http/, "ws")}/graphql`;
    const connectionParams = bearer ? { authorization: bearer } : {};
    sockets.set(bearer, graphqlWs.createClient({ url: address, connectionParams, lazy: true }));
  }
  return sockets.get(bearer);
}

function overSocket(params, headers) {
  const client = socketOf(authorization(headers));
  return {
    subscribe(observer) {
      const sink = typeof observer === "function" ? { next: observer } : observer;
      const unsubscribe = client.subscribe(params, {
        next: (value) => sink.next?.(value),
        error: (why) => sink.error?.(readable(why)),
        complete: () => sink.complete?.(),
      });
      return { unsubscribe };
    },
  };
}

/** A refused socket says why in its close event. */
function readable(why) {
  if (Array.isArray(why) || why instanceof Error) return why;
  return new Error(why?.code ? `Socket closed: ${why.code} ${why.reason}` : "The server cannot be reached.");
}

function fetcher(params, options) {
  const send = operationKind(params, options) === "subscription" ? overSocket : overHttp;
  return send(params, options?.headers);
}

function Page() {
  const [query, setQuery] = React.useState();
  const explorer = GraphiQLPluginExplorer.useExplorerPlugin({ query, onEdit: setQuery });
  return React.createElement(GraphiQL, {
    fetcher,
    query,
    onEditQuery: setQuery,
    plugins: [explorer],
    defaultTabs: EXAMPLES,
    defaultEditorToolsVisibility: "variables",
    defaultHeaders: token ? JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) : undefined,
    shouldPersistHeaders: false,
  });
}

ReactDOM.render(React.createElement(Page), document.getElementById("graphiql"));

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";

/** `schema` is the introspection result that knows interfaces and unions; `socket` is what openSocket gives. */
export const makeUrql = (home, token, socket, schema) =>
  new Client({
    url: `${home}/graphql`,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { Authorization: `Bearer ${token()}` } }),
    exchanges: [cacheOf(schema), fetchExchange, subscriptionsOver(socket)],
  });

const cacheOf = (schema) =>
  cacheExchange({
    schema,
    keys: Object.fromEntries(embedded(schema).map((name) => [name, () => null])),
    resolvers: { Query: { proposals: relayPagination(), members: relayPagination(), documents: relayPagination() } },
    optimistic: {
      castVote: ({ input }) => ({
        __typename: "CastVotePayload",
        vote: { __typename: "Vote", id: `Vote of ${input.proposalId}`, choice: input.choice, castBy: "MEMBER" },
        proposal: null, // how it stands is for the server to say
        userErrors: [],
      }),
    },
    updates: {
      Mutation: {
        createProposal({ createProposal }, _, cache) {
          if (createProposal.proposal) forget(cache, "proposals");
        },
        castVote({ castVote }, { input }, cache) {
          const proposal = { __typename: "Proposal", id: input.proposalId };
          if (castVote.vote) cache.link(proposal, "myVote", castVote.vote);
        },
      },
    },
  });

/** Types without an id are kept inside what holds them. */
const embedded = (schema) =>
  schema.__schema.types
    .filter(({ kind, fields }) => kind === "OBJECT" && !fields.some(({ name }) => name === "id"))
    .map(({ name }) => name);

function forget(cache, list) {
  for (const { fieldName, fieldKey } of cache.inspectFields("Query"))
    if (fieldName === list) cache.invalidate("Query", fieldKey);
}

const subscriptionsOver = (socket) =>
  subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    }),
  });

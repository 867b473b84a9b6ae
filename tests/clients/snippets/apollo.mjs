import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";

export const makeCache = () =>
  new InMemoryCache({
    possibleTypes: {
      ChatEvent: ["ChatContext", "ChatToken", "ChatDone", "ChatFailed"],
      CitationSource: ["Memory", "Fact", "ChatMessage"],
      ProposalAction: ["EnactPolicy", "RepealPolicy", "SetRules", "SetWeight", "AdmitMember"],
    },
    typePolicies: {
      Query: {
        fields: {
          proposals: relayStylePagination(["filter", "orderBy"]),
          members: relayStylePagination(),
          resolutions: relayStylePagination(),
          documents: relayStylePagination(),
        },
      },
      Proposal: { fields: { quorum: { merge: true }, rules: { merge: true } } }, // they have no id of their own
    },
  });

/** `socket` is what openSocket gives; `http` the last link, in whose place uploads and hashes put their own. */
export function makeApollo(home, token, socket, http = new HttpLink({ uri: `${home}/graphql` })) {
  const authorized = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, Authorization: `Bearer ${await token()}` },
  }));
  return new ApolloClient({
    cache: makeCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      ApolloLink.from([authorized, http]),
    ),
  });
}

import { graphql } from "relay-runtime";

export const line = graphql`
  fragment operations_line on Proposal {
    number
    title
    status
    myVote { id choice }
    quorum { participation }
  }
`;

export const list = graphql`
  fragment operations_list on Query
  @refetchable(queryName: "operationsNextPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }, filter: { type: "ProposalFilter" }) {
    proposals(first: $first, after: $after, filter: $filter) @connection(key: "operations_proposals", filters: ["filter"]) {
      __id
      edges { node { id ...operations_line } }
    }
  }
`;

export const proposals = graphql`
  query operationsProposalsQuery($filter: ProposalFilter) {
    ...operations_list @arguments(filter: $filter)
  }
`;

export const member = graphql`
  fragment operations_member on Member @refetchable(queryName: "operationsMemberQuery") {
    handle
    displayName
  }
`;

export const viewer = graphql`
  query operationsViewerQuery {
    viewer { id ...operations_member }
  }
`;

export const rename = graphql`
  mutation operationsRenameMutation($input: UpdateProfileInput!) {
    updateProfile(input: $input) { member { ...operations_member } userErrors { code message field } }
  }
`;

export const createProposal = graphql`
  mutation operationsCreateMutation($input: CreateProposalInput!, $connections: [ID!]!) {
    createProposal(input: $input) {
      proposal @prependNode(connections: $connections, edgeTypeName: "ProposalEdge") { id ...operations_line }
      userErrors { code message field }
    }
  }
`;

export const castVote = graphql`
  mutation operationsCastMutation($input: CastVoteInput!) {
    castVote(input: $input) {
      vote { id choice }
      proposal { ...operations_line }
      userErrors { code message field }
    }
  }
`;

export const deleteChat = graphql`
  mutation operationsDeleteChatMutation($input: DeleteChatInput!) {
    deleteChat(input: $input) { deletedId @deleteRecord userErrors { code message field } }
  }
`;

export const upload = graphql`
  mutation operationsUploadMutation($input: UploadDocumentInput!) {
    uploadDocument(input: $input) { document { id filename status } userErrors { code message field } }
  }
`;

export const proposalChanged = graphql`
  subscription operationsChangedSubscription($id: ID!) {
    proposalChanged(proposalId: $id) { ...operations_line }
  }
`;

export const reply = graphql`
  subscription operationsReplySubscription($replyId: ID!, $afterSeq: Int!) {
    chatTokens(replyId: $replyId, afterSeq: $afterSeq) {
      __typename
      seq
      ... on ChatToken { text }
      ... on ChatDone { message { id content complete } }
    }
  }
`;

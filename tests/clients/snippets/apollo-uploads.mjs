import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";

/** Files among the variables go as multipart; without the header such a request is refused, so that no other site's
 *  form can send one. */
export const makeUploadLink = (home) =>
  new UploadHttpLink({ uri: `${home}/graphql`, headers: { "GraphQL-Require-Preflight": "true" } });

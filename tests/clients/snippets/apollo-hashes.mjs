import { ApolloLink, HttpLink } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createHash } from "node:crypto"; // in a browser: crypto.subtle.digest, or the package crypto-hash

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Operations by their hashes: queries by GET, which a cache can keep; a text only when the server asks for it. */
export const makeHashLink = (home) =>
  ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
    new HttpLink({ uri: `${home}/graphql` }),
  ]);

// The operations of snippets/operations.graphql, as graphql-codegen made them.
import { createJiti } from "jiti";

export const documents = await createJiti(import.meta.url).import("./generated/graphql.ts");

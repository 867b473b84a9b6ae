import { CombinedGraphQLErrors, ServerError } from "@apollo/client";

/** What went wrong, as a code of docs/api/errors.md; undefined when the server was not reached. */
export function codeOf(error) {
  if (CombinedGraphQLErrors.is(error)) return error.errors[0].extensions?.code;
  if (ServerError.is(error)) return JSON.parse(error.bodyText).errors?.[0].extensions.code;
  return undefined;
}

/** A refusal is data: it names the input's field, and says whether the same request may succeed later. */
export function refusalOf(payload) {
  return payload.userErrors.map(({ field, message }) => [field.slice(1).join("."), message]);
}

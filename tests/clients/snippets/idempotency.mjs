import { CombinedGraphQLErrors } from "@apollo/client";

/** Sends a mutation until it is answered. Every try carries the same key, so that what it asks for happens once, also
 *  when it was the answer that got lost. */
export async function mutateOnce(apollo, mutation, input, tries = 5) {
  const variables = { input: { ...input, idempotencyKey: crypto.randomUUID() } };
  for (let tried = 1; ; tried += 1) {
    try {
      return await apollo.mutate({ mutation, variables });
    } catch (error) {
      if (tried === tries || !mayPass(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitOf(error) ?? 100 * 2 ** tried));
    }
  }
}

/** An error without an answer is the network's. */
const mayPass = (error) => !CombinedGraphQLErrors.is(error) || error.errors[0].extensions?.retryable === true;

/** Milliseconds, when the server says how long; it says seconds. */
function waitOf(error) {
  const seconds = CombinedGraphQLErrors.is(error) ? error.errors[0].extensions?.retryAfter : undefined;
  return seconds && seconds * 1_000;
}

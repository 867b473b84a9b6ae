import { createClient } from "graphql-ws";

/** One socket for all subscriptions. `token` is asked anew whenever the socket opens again: after a tunnel, and after
 *  4403, with which the server closes when the token has expired. */
export const openSocket = (home, token, options = {}) =>
  resuming(
    createClient({
      url: `${home.replace(/^http/, "ws")}/graphql`,
      connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
      keepAlive: 10_000,
      retryAttempts: Infinity,
      ...options,
    }),
  );

/** Streams that take `$afterSeq` go on after the last event that was seen: no gap, no repeat. Those that do not begin
 *  with the present state, which is all that they are for. graphql-ws sends the variables anew when it reconnects. */
export const resuming = (client) => ({
  ...client,
  subscribe(payload, sink) {
    const variables = { ...payload.variables };
    const resumes = /\$afterSeq\b/.test(payload.query);
    return client.subscribe(
      { ...payload, variables },
      {
        next(result) {
          const [event] = Object.values(result.data ?? {});
          if (resumes && event) variables.afterSeq = event.seq;
          sink.next(result);
        },
        error: (why) => sink.error(why),
        complete: () => sink.complete(),
      },
    );
  },
});

// An Apollo Client over HTTP and the socket, made as docs/clients.md makes it.
import { WebSocket } from "ws";

import { home } from "./api.mjs";
import { makeApollo } from "./snippets/apollo.mjs";
import { openSocket } from "./snippets/socket.mjs";

/** It is stopped when the test ends; `http` is its last link, HttpLink by default. */
export function apolloOf(t, token, http) {
  const socket = openSocket(home, () => token, { webSocketImpl: WebSocket });
  const apollo = makeApollo(home, () => token, socket, http);
  t.after(() => {
    apollo.stop();
    return socket.dispose();
  });
  return apollo;
}

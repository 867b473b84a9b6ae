// One raw WebSocket: frames as they come, and how it was closed.
import { WebSocket } from "ws";

import { socketUrl } from "./api.mjs";

const PATIENCE = 10_000;
/** After this long without a frame, none is coming. */
const QUIET = 250;

export class Wire {
  #frames = [];
  #waiting = [];

  constructor(protocols, options) {
    this.socket = new WebSocket(socketUrl, protocols, options);
    this.socket.on("message", (frame) => this.#arrived(JSON.parse(frame)));
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#arrived({ type: "closed", code });
      }),
    );
    this.opened = new Promise((resolve, reject) => this.socket.once("open", resolve).once("error", reject));
    this.opened.catch(() => {}); // whoever wants to know awaits it
    this.socket.on("error", () => {});
  }

  #arrived(frame) {
    const taker = this.#waiting.shift();
    if (taker) taker(frame);
    else this.#frames.push(frame);
  }

  send(message) {
    this.socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** The next frame; a close shows as `{ type: "closed", code }`. */
  next(patience = PATIENCE) {
    if (this.#frames.length) return Promise.resolve(this.#frames.shift());
    let taker;
    const arriving = new Promise((resolve) => this.#waiting.push((taker = resolve)));
    return within(patience, arriving, "No frame came").catch((late) => {
      this.#waiting.splice(this.#waiting.indexOf(taker), 1);
      throw late;
    });
  }

  /** True when nothing comes for a while. */
  async isQuiet() {
    try {
      this.#frames.unshift(await this.next(QUIET));
      return false;
    } catch {
      return true;
    }
  }

  subscribe(id, query, rest = {}) {
    this.send({ id, type: "subscribe", payload: { query, ...rest } });
  }

  /** How the server closed it. */
  end(patience = PATIENCE) {
    return within(patience, this.closed, "The socket was not closed");
  }
}

const within = (patience, promise, what) => {
  let late;
  const limit = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`${what} within ${patience} ms.`)), patience);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(late));
};

/** A socket that nothing was said on yet; closed when the test ends. */
export async function opened(t, protocols = ["graphql-transport-ws"], options = {}) {
  const wire = new Wire(protocols, options);
  t.after(() => wire.socket.terminate());
  await wire.opened;
  return wire;
}

/** A socket that was acknowledged. */
export async function acknowledged(t, token) {
  const wire = await opened(t);
  wire.send({ type: "connection_init", ...(token && { payload: { authorization: `Bearer ${token}` } }) });
  const answer = await wire.next();
  if (answer.type !== "connection_ack") throw new Error(`Not acknowledged: ${JSON.stringify(answer)}`);
  return wire;
}

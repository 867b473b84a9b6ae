// A Chromium without a window, driven by its own protocol: one page, what it asked for and what it complained of.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { WebSocket } from "ws";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
const SILENT = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"];

/** Its path, or undefined where there is none. */
export const chromium = process.env.PATH.split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

export class Page {
  #socket;
  #asked = new Map();
  requests = [];
  complaints = [];

  /** A page of a browser of its own, which ends with the test. */
  static async open(t) {
    const profile = mkdtempSync(join(tmpdir(), "chromium-"));
    const browser = spawn(chromium, [...FLAGS, ...SILENT, "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"], {
      detached: true, // a group of its own, which ends as one
    });
    const gone = new Promise((resolve) => browser.once("exit", resolve));
    t.after(async () => {
      process.kill(-browser.pid, "SIGKILL");
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    });
    const { port } = new URL(await announced(browser));
    const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const page = new Page(new WebSocket(targets.find(({ type }) => type === "page").webSocketDebuggerUrl));
    await new Promise((resolve) => page.#socket.once("open", resolve));
    for (const domain of ["Network", "Log", "Runtime", "Page"]) await page.command(`${domain}.enable`);
    return page;
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (frame) => this.#heard(JSON.parse(frame)));
  }

  #heard({ id, method, params, result }) {
    this.#asked.get(id)?.(result);
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Network.webSocketCreated") this.requests.push(params.url);
    if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(params.entry.text);
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description);
  }

  command(method, params = {}) {
    const id = this.#asked.size + 1;
    const answered = new Promise((resolve) => this.#asked.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }

  /** What an expression is in the page. */
  async value(expression) {
    const { result } = await this.command("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    return result.value;
  }
}

const announced = (browser) =>
  new Promise((resolve, reject) => {
    let said = "";
    browser.stderr.on("data", (text) => {
      said += text;
      const found = /DevTools listening on (\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    browser.once("exit", () => reject(new Error(`Chromium ended: ${said}`)));
  });

// GraphiQL at /graphiql: everything comes from this server, and it can ask and watch with the reader's token.
import assert from "node:assert/strict";
import test from "node:test";

import { eventually, home, newMember, tokenOf, voting } from "./api.mjs";
import { Page, chromium } from "./browser.mjs";

const skip = chromium ? false : "no Chromium on this machine";
const browsing = (name, run) => test(`in a browser: ${name}`, { skip }, run);
const elsewhere = (addresses) =>
  addresses.filter((address) => {
    const { host, protocol } = new URL(address);
    return !["data:", "about:", "blob:"].includes(protocol) && host !== new URL(home).host;
  });

/** The page, once its tabs are there. */
async function opened(t, hash = "") {
  const page = await Page.open(t);
  await page.command("Page.navigate", { url: `${home}/graphiql${hash}` });
  await eventually(() => page.value('document.querySelectorAll(".graphiql-tab").length > 5'));
  return page;
}

/** Until it is the active one. */
const press = (page, buttons, label) =>
  eventually(async () => {
    const button = `[...document.querySelectorAll("${buttons}")].find((it) => it.innerText === "${label}")`;
    await page.value(`${button}.click()`);
    return page.value(`/active/.test(${button}.className + ${button}.parentElement.className)`);
  }, label);

/** Into the editor below the query that is shown: variables or headers. */
async function type(page, value) {
  const shown = 'document.querySelector(".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror")';
  await eventually(() => page.value(`Boolean(${shown})`));
  await page.value(`${shown}.CodeMirror.setValue(${JSON.stringify(JSON.stringify(value))})`);
}

/** Runs what the tab holds until the answer reads like this: what was just typed is taken in a moment later. */
const answered = (page, pattern) =>
  eventually(async () => {
    await page.value('document.querySelector(".graphiql-execute-button[aria-label^=Execute]")?.click()');
    return pattern.test(await page.value('document.querySelector(".result-window")?.innerText ?? ""'));
  }, `${pattern}`);

test("the page and all that it names come from here", async () => {
  const html = await (await fetch(`${home}/graphiql`)).text();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
  assert.deepEqual(named.filter((address) => !/^(\/(?!\/)|data:,)/.test(address)), []);
  for (const address of named.filter((found) => found.startsWith("/"))) {
    const answer = await fetch(home + address);
    assert.equal(answer.status, 200, address);
    if (address.endsWith(".css")) assert.doesNotMatch(await answer.text(), /(?:@import|url\(["']?)\s*["']?(?:https?:)?\/\//);
  }
});

test("its policy lets it speak to this server only", async () => {
  const policy = (await fetch(`${home}/graphiql`)).headers.get("content-security-policy");
  const rules = Object.fromEntries(policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1).join(" ")]));
  assert.deepEqual([rules["default-src"], rules["script-src"], rules["connect-src"]], ["'none'", "'self'", "'self'"]);
  assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/);
});

browsing("the link's token is used, hidden, and nothing is asked of another host", async (t) => {
  const page = await opened(t, `#token=${await newMember("graphiql")}`);
  assert.equal(await page.value("location.hash"), "");
  await answered(page, /"handle": "graphiql-/);
  assert.deepEqual([elsewhere(page.requests), page.complaints], [[], []]);
});

browsing("a token of the headers editor wins", async (t) => {
  const page = await opened(t);
  await answered(page, /UNAUTHENTICATED/);
  await press(page, ".graphiql-editor-tools button", "Headers");
  await type(page, { Authorization: `Bearer ${tokenOf("typed-in")}` });
  await answered(page, /"handle": "typed-in"/);
});

browsing("an example's subscription runs over the socket", async (t) => {
  const token = await newMember("graphiql");
  const { id } = await voting(token);
  const page = await opened(t, `#token=${token}`);
  await press(page, ".graphiql-tab button", "Quorum");
  await type(page, { proposalId: id });
  await answered(page, /"participation": 0/);
  assert.ok(page.requests.includes(`${home.replace("http", "ws")}/graphql`));
  assert.deepEqual(elsewhere(page.requests), []);
});

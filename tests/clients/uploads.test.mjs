// GraphQL multipart requests, part by part. The clients' own uploads are in their suites.
import assert from "node:assert/strict";
import test, { before } from "node:test";

import { newMember, url } from "./api.mjs";

const UPLOAD = `mutation ($input: UploadDocumentInput!) {
  uploadDocument(input: $input) { document { filename bytes } userErrors { code field } }
}`;
const OPERATIONS = { query: UPLOAD, variables: { input: { file: null } } };
const MAP = { 0: ["variables.input.file"] };
const files = (count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, FILE]));
const FILE = new File(["I print in PETG."], "petg.txt", { type: "text/plain" });

let token;
before(async () => {
  token = await newMember("uploads");
});

async function sent(parts, headers = { "GraphQL-Require-Preflight": "1" }) {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) form.append(name, part instanceof File ? part : JSON.stringify(part));
  const answer = await fetch(url, { method: "POST", headers: { Authorization: `Bearer ${token}`, ...headers }, body: form });
  return { status: answer.status, ...(await answer.json()) };
}

for (const header of ["GraphQL-Require-Preflight", "Apollo-Require-Preflight"]) {
  test(`with the header ${header} a file arrives`, async () => {
    const { status, data } = await sent({ operations: OPERATIONS, map: MAP, 0: FILE }, { [header]: "true" });
    assert.deepEqual([status, data.uploadDocument.userErrors], [200, []]);
    assert.deepEqual(data.uploadDocument.document, { filename: "petg.txt", bytes: FILE.size });
  });
}

test("without it the request is refused: another site's form may have sent it", async () => {
  const { status, data, errors } = await sent({ operations: OPERATIONS, map: MAP, 0: FILE }, {});
  assert.deepEqual([status, data, errors[0].extensions.code], [400, undefined, "BAD_USER_INPUT"]);
  assert.match(errors[0].message, /GraphQL-Require-Preflight/);
});

test("several files go with one operation, one to each place", async () => {
  const query = `mutation ($a: UploadDocumentInput!, $b: UploadDocumentInput!) {
    a: uploadDocument(input: $a) { document { filename } userErrors { code } }
    b: uploadDocument(input: $b) { document { filename } userErrors { code } }
  }`;
  const operations = { query, variables: { a: { file: null }, b: { file: null } } };
  const [one, other] = ["one.txt", "other.txt"].map((name) => new File([`${name} says so.`], name));
  const { data } = await sent({ operations, map: { x: ["variables.a.file"], y: ["variables.b.file"] }, x: one, y: other });
  const told = ({ document, userErrors }) => [document.filename, userErrors];
  assert.deepEqual([told(data.a), told(data.b)], [["one.txt", []], ["other.txt", []]]);
});

test("places may be in lists, and one file in several places", async () => {
  const variables = { input: { file: null }, others: [null, { deep: [null] }] };
  const map = { 0: ["variables.input.file", "variables.others.0", "variables.others.1.deep.0"] };
  const { status, data } = await sent({ operations: { ...OPERATIONS, variables }, map, 0: FILE });
  assert.deepEqual([status, data.uploadDocument.userErrors], [200, []]);
});

test("a file that is empty is a refusal of its field", async () => {
  const { data } = await sent({ operations: OPERATIONS, map: MAP, 0: new File([], "empty.txt") });
  assert.deepEqual(data.uploadDocument.userErrors, [{ code: "BAD_USER_INPUT", field: ["input", "file"] }]);
});

for (const [name, parts] of [
  ["map is a list", { operations: OPERATIONS, map: [], 0: FILE }],
  ["map is null", { operations: OPERATIONS, map: null, 0: FILE }],
  ["map is missing", { operations: OPERATIONS, 0: FILE }],
  ["map names a part that is not there", { operations: OPERATIONS, map: { 1: ["variables.input.file"] }, 0: FILE }],
  ["map names a place that is not there", { operations: OPERATIONS, map: { 0: ["variables.other.file"] }, 0: FILE }],
  ["map names a place behind a list's end", { operations: { ...OPERATIONS, variables: { input: { file: null }, list: [null] } }, map: { 0: ["variables.list.1"] }, 0: FILE }],
  ["map names a place that is not null", { operations: { ...OPERATIONS, variables: { input: { file: "x" } } }, map: MAP, 0: FILE }],
  ["map leads to the query", { operations: OPERATIONS, map: { 0: ["query"] }, 0: FILE }],
  ["map names no places", { operations: OPERATIONS, map: { 0: "variables.input.file" }, 0: FILE }],
  ["operations is missing", { map: MAP, 0: FILE }],
  ["operations is null", { operations: null, map: MAP, 0: FILE }],
  ["operations is a list", { operations: [OPERATIONS], map: { 0: ["0.variables.input.file"] }, 0: FILE }],
  ["there are more than ten files", { operations: OPERATIONS, map: MAP, ...files(11) }],
]) {
  test(`${name}: 400 and why`, async () => {
    const { status, data, errors } = await sent(parts);
    assert.deepEqual([status, data ?? undefined, errors[0].extensions.code], [400, undefined, "BAD_USER_INPUT"]);
  });
}

test("a text where a file belongs is refused", async () => {
  const { errors } = await sent({ operations: { ...OPERATIONS, variables: { input: { file: "petg.txt" } } }, map: {} });
  assert.equal(errors[0].extensions.code, "BAD_USER_INPUT");
});

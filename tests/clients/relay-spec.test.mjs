// What Relay's specifications ask of a server: object identification, connections, arguments and cursors.
import assert from "node:assert/strict";
import test, { before, describe } from "node:test";

import { buildClientSchema, getIntrospectionQuery, getNamedType, isInterfaceType, isObjectType } from "graphql";

import { ask, drafted, newMember, url } from "./api.mjs";

const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $author: ID!) {
  proposals(first: $first, after: $after, last: $last, before: $before, filter: { author: $author }, orderBy: CREATED_ASC) {
    edges { cursor node { id number } } nodes { id } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

let schema, token, author, all;
before(async () => {
  token = await newMember("spec");
  schema = buildClientSchema(await ask(token, getIntrospectionQuery()));
  author = (await ask(token, "{ viewer { id } }")).viewer.id;
  all = [];
  for (let at = 0; at < 7; at += 1) all.push((await drafted(token)).id);
});

const type = (name) => schema.getType(name);
const typeOf = (parent, field) => `${type(parent).getFields()[field].type}`;
const objects = () => Object.values(schema.getTypeMap()).filter(isObjectType);
const connections = () => objects().filter(({ name }) => name.endsWith("Connection"));
const page = async (given = {}) => (await ask(token, PAGE, { author, ...given })).proposals;
const idsOf = ({ edges }) => edges.map(({ node }) => node.id);
const node = (id, selection = "__typename id") => ask(token, `query ($id: ID!) { node(id: $id) { ${selection} } }`, { id });
/** The error of a page that must be refused. */
const refused = async (given) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: PAGE, variables: { author, ...given } }),
  });
  const { errors } = await answer.json();
  assert.equal(errors[0].extensions.code, "BAD_USER_INPUT");
  return errors[0];
};

describe("object identification", () => {
  test("Node is an interface", () => assert.ok(isInterfaceType(type("Node"))));
  test("with id: ID! and nothing else", () => {
    assert.deepEqual(Object.keys(type("Node").getFields()), ["id"]);
    assert.equal(typeOf("Node", "id"), "ID!");
  });
  test("node(id: ID!): Node", () => {
    assert.equal(typeOf("Query", "node"), "Node");
    assert.deepEqual(type("Query").getFields().node.args.map((arg) => `${arg.name}: ${arg.type}`), ["id: ID!"]);
  });
  test("nodes(ids: [ID!]!): [Node]!", () => {
    assert.equal(typeOf("Query", "nodes"), "[Node]!");
    assert.deepEqual(type("Query").getFields().nodes.args.map((arg) => `${arg.name}: ${arg.type}`), ["ids: [ID!]!"]);
  });
  test("every type with an id is a Node", () => {
    const named = objects().filter((found) => `${found.getFields().id?.type}` === "ID!");
    assert.ok(named.length >= 15);
    assert.deepEqual(named.filter((found) => !found.getInterfaces().includes(type("Node"))).map(String), []);
  });
  test("node gives the type that the id came from", async () => {
    for (const id of [author, all[0]]) assert.equal((await node(id)).node.id, id);
    assert.deepEqual([(await node(author)).node.__typename, (await node(all[0])).node.__typename], ["Member", "Proposal"]);
  });
  test("node asks the same fields as the lookup", async () => {
    const { node: again } = await node(all[0], "... on Proposal { number title }");
    const { proposal } = await ask(token, "query ($id: ID!) { proposal(id: $id) { number title } }", { id: all[0] });
    assert.deepEqual(again, proposal);
  });
  test("ids differ between types", async () => {
    const { viewer } = await ask(token, "{ viewer { id twin { id } } }");
    assert.notEqual(viewer.id, viewer.twin.id);
  });
  test("an unknown id gives null without an error", async () => {
    assert.equal((await node(Buffer.from("Proposal:2147483647").toString("base64url"))).node, null);
  });
  test("nodes keeps the order, the repeats and the gaps", async () => {
    const ids = [all[2], author, Buffer.from("Vote:2147483647").toString("base64url"), all[2]];
    const { nodes } = await ask(token, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });
    assert.deepEqual(nodes.map((found) => found?.id ?? null), [all[2], author, null, all[2]]);
  });
  test("nodes of nothing is an empty list", async () => {
    assert.deepEqual((await ask(token, "{ nodes(ids: []) { id } }")).nodes, []);
  });
});

describe("connections", () => {
  test("PageInfo has its four fields with their types", () => {
    const fields = Object.keys(type("PageInfo").getFields());
    assert.deepEqual(
      Object.fromEntries(fields.map((field) => [field, typeOf("PageInfo", field)])),
      { hasNextPage: "Boolean!", hasPreviousPage: "Boolean!", startCursor: "String", endCursor: "String" },
    );
  });
  test("there are connections", () => assert.ok(connections().length >= 10));
  test("each has edges and pageInfo: PageInfo!", () => {
    for (const { name } of connections()) {
      assert.equal(typeOf(name, "edges"), `[${name.replace("Connection", "Edge")}!]!`);
      assert.equal(typeOf(name, "pageInfo"), "PageInfo!");
    }
  });
  test("each edge has a node and cursor: String!", () => {
    for (const { name } of connections()) {
      const edge = name.replace("Connection", "Edge");
      assert.deepEqual([typeOf(edge, "node"), typeOf(edge, "cursor")], [`${name.replace("Connection", "")}!`, "String!"]);
    }
  });
  test("each node of an edge is a Node", () => {
    for (const { name } of connections())
      assert.ok(type(name.replace("Connection", "")).getInterfaces().includes(type("Node")), name);
  });
  test("each field that gives a connection takes first, after, last and before", () => {
    const giving = objects().flatMap((parent) =>
      Object.values(parent.getFields()).filter((field) => getNamedType(field.type).name.endsWith("Connection")),
    );
    assert.ok(giving.length >= 15);
    for (const { name, args } of giving) {
      const given = Object.fromEntries(args.map((arg) => [arg.name, `${arg.type}`]));
      const { first, after, last, before: until } = given;
      assert.deepEqual([first, after, last, until], ["Int", "String", "Int", "String"], name);
    }
  });
});

describe("pages", () => {
  test("without arguments the list's start", async () => assert.deepEqual(idsOf(await page()), all));
  test("first: so many from the start", async () => assert.deepEqual(idsOf(await page({ first: 3 })), all.slice(0, 3)));
  test("first: more than there are", async () => assert.deepEqual(idsOf(await page({ first: 50 })), all));
  test("last: so many from the end, in the list's order", async () => {
    assert.deepEqual(idsOf(await page({ last: 3 })), all.slice(-3));
  });
  test("after: what follows the cursor", async () => {
    const { edges } = await page({ first: 4 });
    assert.deepEqual(idsOf(await page({ first: 2, after: edges[1].cursor })), all.slice(2, 4));
  });
  test("before: what precedes the cursor", async () => {
    const { edges } = await page();
    assert.deepEqual(idsOf(await page({ last: 2, before: edges[4].cursor })), all.slice(2, 4));
  });
  test("after and before together", async () => {
    const { edges } = await page();
    assert.deepEqual(idsOf(await page({ first: 9, after: edges[0].cursor, before: edges[4].cursor })), all.slice(1, 4));
  });
  test("hasNextPage with first", async () => {
    assert.deepEqual([(await page({ first: 6 })).pageInfo.hasNextPage, (await page({ first: 7 })).pageInfo.hasNextPage], [true, false]);
  });
  test("hasPreviousPage with last", async () => {
    const has = async (last) => (await page({ last })).pageInfo.hasPreviousPage;
    assert.deepEqual([await has(6), await has(7)], [true, false]);
  });
  test("startCursor and endCursor are the edges'", async () => {
    const { edges, pageInfo } = await page({ first: 3 });
    assert.deepEqual([pageInfo.startCursor, pageInfo.endCursor], [edges[0].cursor, edges[2].cursor]);
  });
  test("an empty page has no cursors and nothing after it", async () => {
    const { edges, pageInfo } = await page({ first: 3, after: (await page()).pageInfo.endCursor });
    assert.deepEqual([edges, pageInfo.hasNextPage, pageInfo.startCursor, pageInfo.endCursor], [[], false, null, null]);
  });
  test("a cursor stays good when something is added", async () => {
    const { pageInfo } = await page({ last: 1 });
    all.push((await drafted(token)).id);
    assert.deepEqual(idsOf(await page({ first: 5, after: pageInfo.endCursor })), all.slice(-1));
  });
  test("cursors are opaque texts that differ", async () => {
    const cursors = (await page()).edges.map(({ cursor }) => cursor);
    assert.equal(new Set(cursors).size, all.length);
  });
  test("nodes are the edges' nodes, totalCount the whole list's", async () => {
    const { nodes, edges, totalCount } = await page({ first: 2 });
    assert.deepEqual([nodes.map(({ id }) => id), totalCount], [edges.map((edge) => edge.node.id), all.length]);
  });
  for (const [given, field] of [
    [{ first: -1 }, "first"],
    [{ last: -1 }, "last"],
    [{ first: 101 }, "first"],
    [{ after: "nothing" }, "after"],
    [{ before: "nothing" }, "before"],
    [{ last: 2, after: "%%%" }, "after"],
  ]) {
    test(`${JSON.stringify(given)} is refused, naming ${field}`, async () => {
      assert.match((await refused(given)).message, new RegExp(field));
    });
  }
});

// What a bundler does for Relay, as node's module hooks: babel-plugin-relay puts the artifacts in the place of
// graphql`…`, and names of modules may go without their ending.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { transformAsync } from "@babel/core";

const artifactDirectory = fileURLToPath(new URL("generated/relay", import.meta.url));

export const resolve = (name, context, next) => next(name.endsWith(".graphql") ? `${name}.js` : name, context);

export async function load(address, context, next) {
  if (!address.endsWith("/snippets/relay/operations.js")) return next(address, context);
  const filename = fileURLToPath(address);
  const plugins = [["relay", { eagerEsModules: true, artifactDirectory }]];
  const { code: source } = await transformAsync(await readFile(filename, "utf8"), { filename, plugins });
  return { format: "module", source, shortCircuit: true };
}

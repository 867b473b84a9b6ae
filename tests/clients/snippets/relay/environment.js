import { Environment, Network, Observable, RecordSource, Store } from "relay-runtime";

/** `socket` is what openSocket gives. */
export const makeRelay = (home, token, socket) =>
  new Environment({
    network: Network.create(fetcher(home, token), subscriber(socket)),
    store: new Store(new RecordSource()),
  });

/** Files go as multipart, by the GraphQL multipart request convention, with the header that it needs. */
const fetcher = (home, token) => async ({ text }, variables, _, uploadables) => {
  const operation = JSON.stringify({ query: text, variables });
  const headers = { Authorization: `Bearer ${await token()}` };
  const answer = await fetch(`${home}/graphql`, {
    method: "POST",
    ...(uploadables
      ? { headers: { ...headers, "GraphQL-Require-Preflight": "true" }, body: multipart(operation, uploadables) }
      : { headers: { ...headers, "Content-Type": "application/json" }, body: operation }),
  });
  return answer.json();
};

/** `uploadables` maps the place of each file, such as `variables.input.file`, to the file. */
function multipart(operation, uploadables) {
  const form = new FormData();
  const places = Object.keys(uploadables);
  form.append("operations", operation);
  form.append("map", JSON.stringify(Object.fromEntries(places.map((place, at) => [at, [place]]))));
  places.forEach((place, at) => form.append(`${at}`, uploadables[place]));
  return form;
}

const subscriber = (socket) => ({ text, name }, variables) =>
  Observable.create((sink) => socket.subscribe({ operationName: name, query: text, variables }, sink));

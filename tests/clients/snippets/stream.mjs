/** The results of a subscription, by fetch alone: server-sent events of graphql-sse's distinct connections. Leaving the
 *  loop ends the stream. */
export async function* follow(url, token, query, variables) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
  let unread = "";
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const frames = (unread + text).split("\n\n");
    unread = frames.pop();
    for (const frame of frames) {
      const { event, data } = Object.fromEntries(frame.split("\n").map((line) => line.split(/: ?(.*)/s)));
      if (event === "complete") return;
      if (event === "next") yield JSON.parse(data);
    }
  }
}

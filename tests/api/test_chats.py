"""Conversations over the wire, as far as they go without a worker."""

from tests.api.client import Answer, Api

SEND = """mutation($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id sender content complete } replyId userErrors { code field } }
}"""


def started(api: Api, token: str) -> Answer:
    twin = api.data("{ viewer { twin { id } } }", token=token)["viewer"]["twin"]["id"]
    start = 'mutation($twin: ID!) { startChat(input: {twinId: $twin, title: " A  talk "}) { session { id title } } }'
    session: Answer = api.data(start, token=token, twin=twin)["startChat"]["session"]
    return session


def test_the_reply_is_readable_at_once_and_one_at_a_time(api: Api) -> None:
    token = api.token("talker")
    session = started(api, token)
    given = {"sessionId": session["id"], "text": "What do I print?", "idempotencyKey": "first"}
    sent = api.data(SEND, token=token, input=given)["sendMessage"]
    assert sent["message"]["content"] == "What do I print?"
    reply = "query($id: ID!) { node(id: $id) { ... on ChatMessage { sender complete content session { title } } } }"
    expected = {"sender": "TWIN", "complete": False, "content": "", "session": {"title": "A talk"}}
    assert api.data(reply, token=token, id=sent["replyId"])["node"] == expected
    assert api.data(SEND, token=token, input=given)["sendMessage"] == sent
    again = api.data(SEND, token=token, input={**given, "idempotencyKey": "second"})["sendMessage"]
    assert again["userErrors"] == [{"code": "CONFLICT", "field": ["input", "sessionId"]}]
    query = "query($id: ID!) { chatSession(id: $id) { messages { totalCount nodes { sender } } } }"
    messages = api.data(query, token=token, id=session["id"])["chatSession"]["messages"]
    assert messages == {"totalCount": 2, "nodes": [{"sender": "MEMBER"}, {"sender": "TWIN"}]}


def test_another_members_chat_is_not_there(api: Api) -> None:
    owner, other = api.token("talker-two"), api.token("listener")
    session = started(api, owner)
    sent = api.data(SEND, token=owner, input={"sessionId": session["id"], "text": "A secret."})["sendMessage"]
    query = "query($s: ID!, $m: ID!) { chatSession(id: $s) { title } nodes(ids: [$s, $m]) { id } }"
    seen = api.data(query, token=other, s=session["id"], m=sent["message"]["id"])
    assert seen == {"chatSession": None, "nodes": [None, None]}
    refused = api.data(SEND, token=other, input={"sessionId": session["id"], "text": "Tell me."})["sendMessage"]
    assert refused["userErrors"] == [{"code": "NOT_FOUND", "field": ["input", "sessionId"]}]
    with api.socket(other) as socket:
        socket.subscribe("subscription($r: ID!) { chatTokens(replyId: $r) { seq } }", r=sent["replyId"])
        message = socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")


def test_a_deleted_chat_is_gone(api: Api) -> None:
    token = api.token("forgetter")
    session = started(api, token)["id"]
    delete = "mutation($id: ID!) { deleteChat(input: {sessionId: $id}) { deletedId userErrors { code } } }"
    assert api.data(delete, token=token, id=session)["deleteChat"] == {"deletedId": session, "userErrors": []}
    assert api.data("query($id: ID!) { chatSession(id: $id) { id } }", token=token, id=session) == {"chatSession": None}


def test_what_fails_in_one_place_is_still_loaded_in_another(api: Api) -> None:
    """Where a field fails, what its neighbours wait for is given up; somebody else may wait for the same."""
    token = api.token("neighbour")
    session = started(api, token)["id"]
    query = """query($s: ID!) {
      fails: chatSession(id: $s) { twin { member { handle } } messages(first: 1, last: 1) { totalCount } }
      works: chatSession(id: $s) { twin { member { handle } } messages(first: 1) { totalCount } } }"""
    answer = api.ask(query, token=token, s=session)
    assert [error["path"] for error in answer["errors"]] == [["fails", "messages"]]
    works = {"twin": {"member": {"handle": "neighbour"}}, "messages": {"totalCount": 0}}
    assert answer["data"] == {"fails": None, "works": works}


def test_a_cancel_repeated_after_its_chat_was_deleted_says_so(api: Api) -> None:
    token = api.token("canceller")
    session = started(api, token)["id"]
    sent = api.data(SEND, token=token, input={"sessionId": session, "text": "What do I print?"})["sendMessage"]
    cancel = """mutation($id: ID!) { cancelReply(input: {replyId: $id, idempotencyKey: "cancelled"}) {
      message { id } userErrors { code field } } }"""
    first = api.data(cancel, token=token, id=sent["replyId"])["cancelReply"]
    assert first == {"message": {"id": sent["replyId"]}, "userErrors": []}
    api.data("mutation($id: ID!) { deleteChat(input: {sessionId: $id}) { deletedId } }", token=token, id=session)
    gone = {"message": None, "userErrors": [{"code": "NOT_FOUND", "field": ["input", "idempotencyKey"]}]}
    assert api.data(cancel, token=token, id=sent["replyId"])["cancelReply"] == gone

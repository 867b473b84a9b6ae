"""How fast the built-in answerer answers one member of the demo: nobody else asks meanwhile.

A time begins when `sendMessage` is sent. The reply is heard on a socket of its own, opened once its id is known.
"""

import time
from contextlib import aclosing

from app.demo.client import Client
from evals.figures import Figure, percentile, spread
from evals.system import NotMeasured, done, running

MEMBER = "ana"
REPLY = """subscription ($id: ID!) { chatTokens(replyId: $id) { __typename
  ... on ChatDone { message { model content } } ... on ChatFailed { error { message } } } }"""
QUESTIONS = (
    "What nozzle temperature do I use for PETG?",
    "Who services the printer that broke in March?",
    "Which nozzle do I prefer for brackets?",
    "What does the laser cutter cost?",
    "How many bottle cages did Velo Noord order?",
    "What does Café Radstation buy?",
    "What do I charge for a pannier hook?",
    "Which printer do I use for overnight jobs?",
    "When do I prefer to book?",
    "How long do I dry PETG?",
    "What is the bed temperature for PETG?",
    "At which temperature do I print TPU?",
    "How many walls do I give load-bearing parts?",
    "What did we pay for Alder?",
    "Where does Cedar stand?",
    "Who looks after the compressor?",
    "What does a machine hour cost on Elm?",
    "When are the quiet hours?",
    "Who may run the resin printer?",
    "Where may ASA be printed?",
    "How long may a booking last?",
    "Why did two prints come loose on Alder?",
    "What is my failure rate?",
    "How does the City Library want its invoices?",
    "When does Tomé have swimming?",
    "Where is the fire blanket?",
    "Who keeps the printing rules?",
    "What is the capital of Mongolia?",
    "How did Femi vote on the printer?",
    "What does one prototype cost?",
)


async def chats(*, questions: int) -> list[Figure]:
    with running(seed=True) as system:
        async with system.client(MEMBER) as member:
            twin = (await member.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
            started = await done(member, "startChat StartChatInput session { id }", twinId=twin, title="Measured")
            session = str(started["session"]["id"])
            await answered(member, session, "Which filament do I dry?")  # not counted: the first loads what it needs
            times = [await answered(member, session, question) for question in QUESTIONS[:questions]]
    return [
        *spread("sendMessage sent to answered", [sent for sent, _, _ in times]),
        *spread("sendMessage to the first token", [first for _, first, _ in times]),
        *spread("sendMessage to ChatDone", [last for _, _, last in times]),
        Figure("longest of them to ChatDone", 1e3 * percentile([last for _, _, last in times], 100), "ms"),
    ]


async def answered(member: Client, session: str, question: str) -> tuple[float, float, float]:
    """Seconds until sendMessage was answered, until the first token, and until ChatDone."""
    began = time.perf_counter()
    sent = await done(member, "sendMessage SendMessageInput replyId", sessionId=session, text=question)
    taken, first = time.perf_counter() - began, 0.0
    async with aclosing(member.subscribe(REPLY, id=sent["replyId"])) as events:
        async for each in events:
            event = each["chatTokens"]
            if event["__typename"] == "ChatToken":
                first = first or time.perf_counter() - began
            elif event["__typename"] == "ChatFailed":
                raise NotMeasured(f"{question}: {event['error']['message']}")
            elif event["__typename"] == "ChatDone":
                return taken, first, time.perf_counter() - began
    raise NotMeasured(f"{question}: the reply's stream ended early.")

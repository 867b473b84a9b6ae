"""Greetings and questions about the twin itself: honest answers that need no source."""

import re

_HELLO = r"(?:hi|hello|hey|hallo|howdy|greetings|good (?:morning|afternoon|evening|day))"
_TAIL = r"(?:\s+(?:there|twin|again|all|everyone))?"

_KNOWS = "I answer from my documents, our chats and the DAO's record, name my sources, and say so when I don't know."
_TALK = (
    (rf"{_HELLO}{_TAIL}", "Hello! I am {name}'s digital twin. Ask me about what I have written, said or read."),
    (
        r"(?:thanks?|thank you|thx|cheers)(?: (?:a lot|very much|so much|again))?",
        "You're welcome. I am here if you want to know more.",
    ),
    (
        r"(?:bye|goodbye|good night|see you(?: later| soon| tomorrow)?|ciao)",
        "Goodbye! I'll be here.",
    ),
    (
        r"how are you(?: doing)?(?: today)?|how do you do|how(?:'s| is) it going|what's up|are you (?:ok|well|there)",
        "I have no moods to report: I am {name}'s digital twin. Ask me about what I have written, said or read.",
    ),
    (
        r"who (?:are|r) (?:you|u)|what are you|what is your name|what's your name|introduce yourself",
        "I am {name}'s digital twin, a program that speaks for {name}. " + _KNOWS,
    ),
    (
        r"tell me (?:about yourself|who you are)",
        "I am {name}'s digital twin, a program that speaks for {name}. " + _KNOWS,
    ),
    (
        r"are you (?:a |an )?(?:real |digital )?(?:human|person|bot|robot|ai|machine|twin|chatbot|real)",
        "I am {name}'s digital twin, a program that speaks for {name}. " + _KNOWS,
    ),
    (
        r"what can (?:you|u) do(?: for me)?|what do you know|how can you help(?: me)?|help(?: me)?|how do you work",
        "I am {name}'s digital twin. " + _KNOWS,
    ),
)
_TALK_PATTERNS = tuple((re.compile(rf"(?:{pattern})", re.IGNORECASE), reply) for pattern, reply in _TALK)


def small_talk(text: str, name: str) -> str | None:
    """The reply; None when the text asks for something else. A greeting before a question is no small talk."""
    bare = re.sub(r"[^\w' ]+", " ", text.replace("’", "'"))
    bare = " ".join(bare.split())
    greeted = re.sub(rf"^{_HELLO}{_TAIL}\s+(?=\w)", "", bare, flags=re.IGNORECASE)
    for candidate in (bare, greeted):
        for pattern, reply in _TALK_PATTERNS:
            if pattern.fullmatch(candidate):
                return reply.format(name=name)
    return None

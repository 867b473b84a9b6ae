"""The rules in force, in plain English: what ERC-4824's governanceURI names."""

from collections.abc import Callable
from dataclasses import asdict

from domain.daos import Dao

EARLY = {
    "NEVER": "Voting always runs until its end.",
    "ON_QUORUM": "Voting ends early, as passed only, once quorum and majority are reached.",
    "WHEN_DECIDED": "Voting ends early once no ballot still to come can change the outcome.",
}
SENTENCES: dict[str, Callable[[int], str]] = {
    "quorum_percent": lambda value: (
        f"Quorum: ballots for, against and abstaining must carry at least {value} % of the weight that was eligible "
        "when voting started."
    ),
    "majority_percent": lambda value: (
        f"Majority: {'more than' if value == 50 else 'at least'} {value} % of the weight for and against must be for. "
        "Abstentions do not count here."
    ),
    "voting_minutes": lambda value: f"Voting runs for {span(value)}.",
    "early_close": lambda value: EARLY[str(value)],
    "strict": lambda value: "The majority must be exceeded, not only reached." if value else "",
    "weighted": lambda value: "A ballot counts with its member's weight." if value else "Every ballot counts the same.",
    "hidden_until_close": lambda value: "Ballots are hidden until voting ends." if value else "",
    "minimum_discussion_minutes": lambda value: f"Before voting a proposal is open for at least {span(value)}.",
    "minimum_voting_minutes": lambda value: f"A vote that ends early on its quorum has run for at least {span(value)}.",
    "override_minutes": lambda value: (
        f"A ballot that a digital twin cast can end voting early only {span(value)} after it was cast."
    ),
    "minimum_approval_percent": lambda value: f"At least {value} % of all eligible weight must be for.",
    "sponsors_needed": lambda value: f"Sponsors that a proposal needs besides its author: {value}.",
    "delegation_cap_percent": lambda value: f"A delegate carries at most {value} % of the eligible weight.",
}
"""A sentence a rule; nothing is said of one that is 0 or off and so asks for nothing."""
QUIET_AT = {"delegation_cap_percent": 100}
"""Values at which a rule asks for nothing, where that is not 0."""


def governance(dao: Dao, *, home: str, key: str) -> str:
    """Markdown. A rule that has no sentence yet is named with its value, so that none in force is left out.

    `home` is this server's own URL; `key` the DAO's public key.
    """
    said = [sentence(name, value) for name, value in asdict(dao.rules).items()]
    lines = "\n".join(f"- {line}" for line in said if line)
    return f"""# How {dao.name} decides

A member drafts a proposal and opens it to all; from then on its text and its rules do not change. When voting starts,
every admitted member's weight is frozen: who joins later votes on later proposals. A member may change its ballot until
voting ends, unless a rule below says otherwise. What is decided stays decided.

## Rules that new proposals start with

{lines}

A proposal keeps the rules that it was opened with.

## How to check a decision

Each decision has a signed receipt with the frozen rules, the electorate and all ballots under opaque ids, so that
anybody can count again: {home}/resolutions/0/receipt.json is the first, and so on without a gap. Each one holds the
hash of the one before. The DAO's public key (Ed25519, base64url) is `{key}`.

## Where to read on

- {home}/dao: this DAO's documents after ERC-4824: members, proposals, activities.
- {home}/compat/snapshot/graphql: proposals, results and votes as Snapshot's hub answers them.
"""


def sentence(name: str, value: int) -> str:
    """Empty for a rule that asks for nothing."""
    if name in ("quorum_percent", "majority_percent", "weighted"):
        return SENTENCES[name](value)
    if not value or QUIET_AT.get(name) == value:
        return ""
    return SENTENCES[name](value) if name in SENTENCES else f"{name.replace('_', ' ')}: {value}"


def span(minutes: int) -> str:
    """Whole days or hours where they are whole."""
    for length, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes % length == 0:
            return f"{minutes // length} {unit}{'' if minutes == length else 's'}"
    raise ValueError(minutes)

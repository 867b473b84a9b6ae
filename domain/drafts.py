"""What an author writes, checked: the text, options, rules and action of a proposal before it is opened."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from domain.actions import Action, action_data, action_words
from domain.errors import BadInput
from domain.inputs import check_storable, given_text
from domain.rules import Rules, RulesChoice, VotingSystem

MAX_TITLE, MAX_BODY, MAX_TOPICS, MAX_TOPIC = 200, 50_000, 5, 80
MIN_OPTIONS, MAX_OPTIONS, MAX_OPTION, MAX_URL = 2, 50, 200, 2_000
OPTIONAL = frozenset({"scope_id", "action", "start_at", "discussion_url"})
"""What an edit may take away again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`choice` is what the author asked of the rules; it meets the DAO's rules once more when the draft is opened."""

    title: str = ""
    body: str = ""
    topics: tuple[str, ...] = ()
    choice: RulesChoice = field(default_factory=RulesChoice)
    system: VotingSystem = VotingSystem.BASIC
    options: tuple[str, ...] = ()
    scope_id: int | None = None
    action: Action | None = None
    start_at: datetime | None = None
    discussion_url: str | None = None

    def fingerprint(self) -> str:
        """Letters and digits of title, body and action: what must differ from a proposal that failed lately."""
        text = unicodedata.normalize("NFKC", f"{self.title} {self.body} {action_words(self.action)}").casefold()
        return "".join(character for character in text if character.isalnum())

    def content_hash(self, rules: Rules) -> str:
        """SHA-256, in hex, of what is immutable from OPEN on, as JSON with sorted keys and no blanks."""
        content: dict[str, Any] = {
            "title": self.title,
            "body": self.body,
            "system": self.system.value,
            "options": list(self.options),
            "rules": asdict(rules),
            "scope": self.scope_id,
            "action": action_data(self.action),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Edit:
    """What an author gives; None keeps what is there, `cleared` names fields to take away."""

    title: str | None = None
    body: str | None = None
    topics: Sequence[str] | None = None
    choice: RulesChoice | None = None
    system: VotingSystem | None = None
    options: Sequence[str] | None = None
    scope_id: int | None = None
    action: Action | None = None
    start_at: datetime | None = None
    discussion_url: str | None = None
    cleared: frozenset[str] = frozenset()

    def over(self, draft: Draft, *, at: datetime) -> Draft:
        """The draft with what is given, checked. Raises BadInput, naming the field and its bounds."""
        changes: dict[str, Any] = dict.fromkeys(self.cleared & OPTIONAL)
        names = ("title", "body", "topics", "system", "options", *OPTIONAL)
        changes |= {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.choice is not None:
            changes["choice"] = self.choice.on_top_of(draft.choice)
        if self.start_at is not None and self.start_at <= at:
            raise BadInput("startAt must lie in the future.", field=("startAt",))
        return checked(replace(draft, **changes))


def checked(draft: Draft) -> Draft:
    """Trimmed and within bounds. Raises BadInput."""
    title, body = given_text(draft.title, MAX_TITLE, "title"), given_text(draft.body, MAX_BODY, "body")
    topics = tuple(dict.fromkeys(" ".join(topic.split()) for topic in draft.topics))
    check_storable(" ".join(topics), "topics")
    if len(topics) > MAX_TOPICS or any(not 1 <= len(name) <= MAX_TOPIC for name in topics):
        raise BadInput(f"Give at most {MAX_TOPICS} topics of 1 to {MAX_TOPIC} characters.", field=("topics",))
    if draft.action is not None and draft.system is not VotingSystem.BASIC:
        raise BadInput("Only a BASIC proposal carries an action: leave it out, or choose BASIC.", field=("action",))
    url = checked_url(draft.discussion_url)
    options = checked_options(draft.system, draft.options)
    return replace(draft, title=title, body=body, topics=topics, options=options, discussion_url=url)


def checked_options(system: VotingSystem, given: Sequence[str]) -> tuple[str, ...]:
    """Raises BadInput."""
    if system is VotingSystem.BASIC:
        if given:
            raise BadInput("BASIC has no options: it is FOR, AGAINST and ABSTAIN.", field=("options",))
        return ()
    options = tuple(" ".join(option.split()) for option in given)
    check_storable(" ".join(options), "options")
    if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS or any(not 1 <= len(title) <= MAX_OPTION for title in options):
        raise BadInput(
            f"Give {MIN_OPTIONS} to {MAX_OPTIONS} options of 1 to {MAX_OPTION} characters.", field=("options",)
        )
    if len({unicodedata.normalize("NFKC", option).casefold() for option in options}) < len(options):
        raise BadInput("Two options read the same: give each its own title.", field=("options",))
    return options


def checked_url(given: str | None) -> str | None:
    """Raises BadInput."""
    if given is None:
        return None
    check_storable(given, "discussionUrl")
    try:
        parts = urlsplit(given.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(given) > MAX_URL:
        raise BadInput(
            f"discussionUrl must be an http or https address of at most {MAX_URL} characters.", field=("discussionUrl",)
        )
    return given.strip()

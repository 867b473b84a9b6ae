"""Policy topics: tags of documents and proposals."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.entities import Mention
from domain.members import Viewer
from domain.pages import Page, Slice

MAX_TOPICS, MAX_WORDS, MAX_READ = 8, 4, 400_000
"""Topics of a document, words of a title, characters of a text that are read for topics."""


@dataclass(frozen=True, slots=True)
class PolicyTopic:
    """`delegable`: a scope that members may delegate in; set by an ADMIN, never by extraction or merging."""

    id: int
    title: str
    delegable: bool = False


def topic_key(title: str) -> str:
    """What two spellings of one topic share: case, width and punctuation do not count."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.findall(r"\w+", text))


def topics_in(text: str, mentions: Sequence[Mention], title: str) -> list[str]:
    """At most eight titles of one to four words that tell what a document is about, the most telling first.

    Candidates are words in a row between stop words and punctuation (after RAKE: Rose et al. 2010), scored by how often
    they occur and how many they are; the title counts as three more occurrences, a heading or a law, organisation,
    product or building that is named as two. Left out are single words that occur less than three times, longer ones
    that occur once, dates, numbers, names of persons, and what a better topic already says.
    """
    counts = Counter[str]()
    spelled: dict[str, str] = {}
    read = _without_persons(text[:MAX_READ], mentions)
    for phrase, weight in _candidates(read, mentions, title):
        shared = _singular(topic_key(phrase))
        if len(shared) < 3:
            continue
        counts[shared] += weight
        spelled.setdefault(shared, phrase)
    ranked = sorted(counts, key=lambda shared: (-counts[shared] * _length_bonus(shared), shared))
    return [_as_title(spelled[shared]) for shared in _distinct(ranked, counts)]


NAMED = frozenset({"LAW", "ORG", "PRODUCT", "FAC"})
TITLE_WEIGHT, HEADING_WEIGHT, MENTION_WEIGHT = 3, 2, 2

HEADING_LINE = re.compile(r"^[ \ufeff]{0,3}(?:#{1,6}[ \t]+)(?P<heading>.*\S)", re.MULTILINE)
WORD = r"[^\W\d_][\w]*(?:['’-][^\W_]\w*)*"
RUN = re.compile(rf"{WORD}(?: {WORD})*")
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about above across act actually after again against ago all almost along already also although always am
        among an and another any anybody anyone anything are around as ask asked at away back be became
        because become been before began being below best better between both bring but by call came can
        cannot case certain come could cover day days decide decided did do does doing done don down due
        during each either else end enough especially etc even ever every everybody everyone everything few
        find first five for four from further gave get give given go goes going good got great had has have
        having he held help hence her here hers herself high him himself his hold how however i ie if in
        instead into is it its itself january february march april may june july august september october
        november december keep kept kind knew know known large last later least left less let like likely
        little long look lot low made mainly make makes making many me mean means might mine monday tuesday
        wednesday thursday friday saturday sunday more most much must my myself near need needs neither
        never new next no nobody none nor not note nothing now of off often ok old on once one only onto or
        other others our ours ourselves out over own page part per perhaps place please put quite rather re
        read really right said same saw say says second section see seem seen several shall she should show
        shown since six small so some somebody someone something sometimes soon still such sure t take taken
        takes tell ten than that the their theirs them themselves then there therefore these they thing
        things think third this those though three through thus time times to today together told tomorrow
        too took toward towards tried try two under unless until up upon us use used uses using usually very
        via want wants was way we week weeks well went were what whatever when where whether which while who
        whole whom whose why will with within without won work would year years yes yesterday yet you your
        yours yourself s ll ve d m article chapter annex appendix document file notes draft version txt md
        pdf introduction overview summary contents conclusion general miscellaneous chat memo log message
        messages untitled scan copy final""",
    )
)


def _candidates(text: str, mentions: Sequence[Mention], title: str) -> Iterator[tuple[str, int]]:
    """Phrases with the occurrences that each counts for."""
    name = re.sub(r"[-_.\s]+", " ", re.sub(r"\.\w{1,8}$", "", title))
    wholes = [(re.sub(r"\S*\d\S*", ".", name), TITLE_WEIGHT)]
    wholes += [(found["heading"], HEADING_WEIGHT) for found in HEADING_LINE.finditer(text)]
    wholes += [(mention.text, MENTION_WEIGHT) for mention in mentions if mention.type in NAMED]
    for whole, weight in wholes:
        yield from ((" ".join(words), weight) for words in _phrases(whole) if len(words) <= MAX_WORDS)
    for words in _phrases(text):
        yield from ((part, 1) for part in _parts(words))


def _without_persons(text: str, mentions: Sequence[Mention]) -> str:
    """Names of people are no topics, nor part of one."""
    for name in sorted({mention.text for mention in mentions if mention.type == "PERSON"}, key=lambda name: -len(name)):
        text = text.replace(name, ".")
    return text


def _phrases(text: str) -> Iterator[list[str]]:
    """Words in a row without a stop word among them."""
    for run in RUN.finditer(text):
        phrase: list[str] = []
        for word in run[0].split(" "):
            if word.casefold().removesuffix("'s").removesuffix("’s") not in STOP_WORDS:
                phrase.append(word)
            elif phrase:
                yield phrase
                phrase = []
        if phrase:
            yield phrase


def _parts(words: list[str]) -> Iterator[str]:
    """Every one to four words in a row: a verb often stands beside the noun, "reserve fund holds"."""
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + MAX_WORDS) + 1):
            yield " ".join(words[start:end])


def _singular(shared: str) -> str:
    """Its last word without a plural s: "support tubes" and "support tube" are one topic."""
    return shared.removesuffix("s") if len(shared) > 3 and not shared.endswith(("ss", "us", "is")) else shared


def _length_bonus(shared: str) -> int:
    """Two and three words say more than one; four are often a clause."""
    return {1: 1, 2: 3, 3: 3}.get(len(shared.split()), 2)


def _distinct(ranked: Sequence[str], counts: Counter[str]) -> list[str]:
    """The first that occur often enough and say more than the topics before them."""
    chosen: list[str] = []
    for shared in ranked:
        words = set(shared.split())
        known = any(_says_no_more(words, set(other.split()), counts[shared] * 2 <= counts[other]) for other in chosen)
        if counts[shared] >= (3 if len(words) == 1 else 2) and not known:
            chosen.append(shared)
        if len(chosen) == MAX_TOPICS:
            break
    return chosen


def _says_no_more(words: set[str], other: set[str], rare: bool) -> bool:
    """All words of one are in the other, or a rare one shares some ("fund rules" beside "reserve fund")."""
    return words <= other or other <= words or (rare and bool(words & other))


def _as_title(phrase: str) -> str:
    """Its first letter a capital, words in capitals left as they are."""
    return phrase[:1].upper() + phrase[1:]


class Topics(Protocol):
    """Topics inside one transaction."""

    def ensure(self, titles: Sequence[str]) -> tuple[int, ...]:
        """Their ids, made where they are new; the first spelling stays."""

    def by_id(self, topic_id: int) -> PolicyTopic | None: ...

    def save(self, topic: PolicyTopic) -> None:
        """Whether members may delegate in it."""


class TopicReads(Protocol):
    """Topics of what the viewer may read: others' titles would tell what private documents are about."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, PolicyTopic]: ...
    async def page(self, viewer: Viewer, wanted: Slice) -> Page[PolicyTopic]: ...

    async def all_by_ids(self, ids: list[int]) -> dict[int, PolicyTopic]:
        """For projections only."""

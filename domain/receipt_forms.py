"""A receipt and its signed file as JSON, written and read strictly."""

from dataclasses import dataclass, fields
from typing import Any

from domain.canonical import (
    Json,
    Misread,
    canonical,
    flag,
    hexes,
    instant,
    list_of,
    object_of,
    whole,
    word,
    written,
)
from domain.decisions import Decision, ResolutionReason
from domain.errors import BadInput
from domain.option_ballots import OptionBallot
from domain.receipts import FORMAT, ID_BYTES, VERSION, CastBallot, Place, Receipt, Subject
from domain.rules import EarlyClose, Rules, VotingSystem, camel
from domain.tally import CastBy, Choice, Tally

HASH, ID = 64, 2 * ID_BYTES
"""Hexadecimal digits."""
MOST_RULE = 10**7
"""Far beyond any rule's bounds, and still a time in minutes."""
RULES = {camel(field.name): field for field in fields(Rules)}
TALLY = {camel(field.name): field.name for field in fields(Tally)}
RECEIPT = {"ballots", "electorate", "format", "outcome", "previous", "proposal", "rules", "seq", "version"}
PROPOSAL = {"action", "contentHash", "decidedAt", "endsAt", "number", "options", "startsAt", "system"}
OUTCOME = {"chosenOption", "passed", "reason", "tally"}
PLACE = {"acceptsTwin", "id", "to", "twinFirst", "weight"}
BASIC_BALLOT = {"castAt", "castBy", "choice", "id", "revision", "young"}
OTHER_BALLOT = {"ballot", "castAt", "castBy", "id", "revision", "young"}
FILE = {"hash", "key", "receipt", "signature"}


def receipt_bytes(receipt: Receipt) -> bytes:
    """The canonical form, of which the hash is taken and which is signed."""
    subject = receipt.subject
    return canonical(
        {
            "ballots": [ballot.to_data() for ballot in receipt.ballots],
            "electorate": [place.to_data() for place in receipt.places],
            "format": FORMAT,
            "outcome": outcome_data(receipt.decision, receipt.tally),
            "previous": receipt.previous,
            "proposal": {
                "action": subject.action,
                "contentHash": subject.content_hash,
                "decidedAt": written(receipt.decided_at),
                "endsAt": written(subject.ends_at),
                "number": subject.number,
                "options": subject.options,
                "startsAt": written(subject.starts_at),
                "system": subject.system.value,
            },
            "rules": {name: getattr(receipt.rules, field.name) for name, field in RULES.items()},
            "seq": receipt.seq,
            "version": VERSION,
        }
    )


def outcome_data(decision: Decision, tally: Tally) -> Json:
    return {
        "chosenOption": decision.chosen_option,
        "passed": decision.passed,
        "reason": decision.reason.value,
        "tally": {name: getattr(tally, attribute) for name, attribute in TALLY.items()},
    }


def receipt_of(data: object) -> Receipt:
    """Raises Misread."""
    found = object_of(data, RECEIPT, "The receipt")
    if (found["format"], found["version"]) != (FORMAT, VERSION) or type(found["version"]) is not int:
        raise Misread(f"The receipt is not of the format {FORMAT}, version {VERSION}.")
    proposal, outcome = (
        object_of(found["proposal"], PROPOSAL, "proposal"),
        object_of(found["outcome"], OUTCOME, "outcome"),
    )
    tally = object_of(outcome["tally"], TALLY.keys(), "outcome.tally")
    return Receipt(
        seq=whole(found, "seq"),
        previous=None if found["previous"] is None else hexes(found, "previous", HASH),
        subject=_subject(proposal),
        rules=_rules(object_of(found["rules"], RULES.keys(), "rules")),
        places=tuple(_place(each) for each in list_of(found, "electorate")),
        ballots=tuple(_ballot(each) for each in list_of(found, "ballots")),
        decided_at=instant(proposal, "decidedAt"),
        decision=_decision(outcome),
        tally=Tally(**{attribute: whole(tally, name) for name, attribute in TALLY.items()}),
    )


def _subject(data: Json) -> Subject:
    return Subject(
        number=whole(data, "number", least=1),
        content_hash=hexes(data, "contentHash", HASH),
        system=word(data, "system", VotingSystem),
        action=flag(data, "action"),
        options=whole(data, "options"),
        starts_at=instant(data, "startsAt"),
        ends_at=instant(data, "endsAt"),
    )


def _rules(data: Json) -> Rules:
    return Rules(**{field.name: _rule(data, name, field.default) for name, field in RULES.items()})


def _rule(data: Json, name: str, like: Any) -> Any:  # noqa: ANN401  # of the type of that rule
    if isinstance(like, EarlyClose):
        return word(data, name, EarlyClose)
    return flag(data, name) if isinstance(like, bool) else whole(data, name, most=MOST_RULE)


def _decision(data: Json) -> Decision:
    chosen = None if data["chosenOption"] is None else whole(data, "chosenOption", least=1)
    return Decision(flag(data, "passed"), word(data, "reason", ResolutionReason), chosen)


def _place(data: object) -> Place:
    found = object_of(data, PLACE, "An entry of electorate")
    return Place(
        id=hexes(found, "id", ID),
        weight=whole(found, "weight", least=1),
        to=None if found["to"] is None else hexes(found, "to", ID),
        twin_first=flag(found, "twinFirst"),
        accepts_twin=flag(found, "acceptsTwin"),
    )


def _ballot(data: object) -> CastBallot:
    basic = isinstance(data, dict) and "choice" in data
    found = object_of(data, BASIC_BALLOT if basic else OTHER_BALLOT, "An entry of ballots")
    return CastBallot(
        id=hexes(found, "id", ID),
        revision=whole(found, "revision", least=1),
        cast_by=word(found, "castBy", CastBy),
        cast_at=instant(found, "castAt"),
        choice=word(found, "choice", Choice) if basic else None,
        options=None if basic else _options(found["ballot"]),
        young=flag(found, "young"),
    )


def _options(data: Any) -> OptionBallot:  # noqa: ANN401  # anything that JSON can hold
    try:
        return OptionBallot.from_data(data)
    except BadInput as error:
        raise Misread(str(error)) from None


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """receipt.json: a receipt with its hash, the signature over its canonical bytes, and the key that signed."""

    receipt: Receipt
    hash: str
    signature: str
    key: str

    def to_bytes(self, receipt: bytes) -> bytes:
        """The canonical form, around that of the receipt."""
        head = canonical({"hash": self.hash, "key": self.key})[:-1]
        return b"".join((head, b',"receipt":', receipt, b',"signature":', canonical(self.signature), b"}"))

    @staticmethod
    def of(data: object) -> "ReceiptFile":
        """Raises Misread."""
        found = object_of(data, FILE, "The file")
        for name in ("key", "signature"):
            if not isinstance(found[name], str):
                raise Misread(f"{name} is no text.")
        return ReceiptFile(receipt_of(found["receipt"]), hexes(found, "hash", HASH), found["signature"], found["key"])

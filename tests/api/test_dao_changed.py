"""`daoChanged`: the present state first, then newer ones, at most one a second."""

import time

from tests.api.client import Api
from tests.api.publics import Hand

CHANGED = "subscription { daoChanged { seq memberCount openCount } }"
NEWCOMERS = 12


def test_many_changes_at_once_are_told_once_a_second(api: Api) -> None:
    author = Hand.new(api, "author")
    with api.socket(author.token) as socket:
        began = time.monotonic()
        socket.subscribe(CHANGED)
        told = [socket.next()["data"]["daoChanged"]]
        for number in range(NEWCOMERS):
            Hand.new(api, f"newcomer{number}")
        while told[-1]["memberCount"] < told[0]["memberCount"] + NEWCOMERS:
            told.append(socket.next()["data"]["daoChanged"])
        lasted = time.monotonic() - began
    seqs = [state["seq"] for state in told]
    assert seqs == sorted(set(seqs))
    assert 2 <= len(told) <= 1 + lasted

"""What is wrong with a receipt is found, whatever it is; a right one is valid."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.auth.ed25519 import Ed25519Signer, decoded
from domain.errors import BadInput
from domain.receipt_forms import receipt_bytes
from domain.receipts import opaque_id, receipt_hash
from domain.verifications import chained, verify
from tests.unit.receipting import (
    ENDS,
    SMALL,
    VERIFIER,
    chain_of,
    edited,
    signed,
    signer_in,
)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Ed25519Signer:
    return signer_in(tmp_path_factory.mktemp("dao"))


# a right one


def test_a_receipt_of_the_dao_is_valid(signer: Ed25519Signer) -> None:
    result = verify(signed(SMALL, signer), VERIFIER, key=signer.key)
    assert (result.valid, result.mismatches, result.remarks) == (True, (), ())
    assert result.computed == result.stored == receipt_hash(receipt_bytes(SMALL))


def test_without_the_dao_s_key_the_file_s_is_trusted_and_that_is_said(signer: Ed25519Signer) -> None:
    result = verify(signed(SMALL, signer), VERIFIER)
    assert result.valid
    assert result.remarks == ("Signed by the key in the file; give the DAO's key to know that it is the DAO's.",)


def test_the_canonical_form_is_this_one() -> None:
    assert receipt_bytes(replace(SMALL, places=SMALL.places[:1], ballots=SMALL.ballots[:1])) == (
        b'{"ballots":[{"castAt":"2026-03-01T01:00:00.000Z","castBy":"MEMBER","choice":"FOR",'
        b'"id":"00000000000000000000000000000000","revision":1,"young":false}],'
        b'"electorate":[{"acceptsTwin":false,"id":"00000000000000000000000000000000","to":null,"twinFirst":true,'
        b'"weight":5}],"format":"frontier-receipt","outcome":{"chosenOption":null,"passed":true,'
        b'"reason":"QUORUM_AND_MAJORITY","tally":{"abstain":0,"against":2,"byTwins":2,"eligible":11,"inFavour":8,'
        b'"onOptions":0,"ownAbstain":0,"ownAgainst":0,"ownInFavour":5,"ownOnOptions":0,"voters":2,"youngAbstain":0,'
        b'"youngAgainst":0,"youngInFavour":0}},"previous":null,"proposal":{"action":false,"contentHash":"'
        + b"ab"
        * 32
        + b'","decidedAt":"2026-03-04T00:00:00.000Z","endsAt":"2026-03-04T00:00:00.000Z","number":1,"options":0,'
        b'"startsAt":"2026-03-01T00:00:00.000Z","system":"BASIC"},"rules":{"delegationCapPercent":100,'
        b'"earlyClose":"NEVER","hiddenUntilClose":false,"majorityPercent":66,"minimumApprovalPercent":0,'
        b'"minimumDiscussionMinutes":0,"minimumVotingMinutes":0,"overrideMinutes":1,"quorumPercent":60,'
        b'"sponsorsNeeded":0,"strict":false,"votingMinutes":4320,"weighted":true},"seq":0,"version":1}'
    )


def test_an_opaque_id_is_the_hmac_of_the_member_s_id() -> None:
    assert opaque_id("00" * 32, 7) == "306e9426d794f2f6c46362b507b06062"
    assert opaque_id("01" * 32, 7) != opaque_id("00" * 32, 7)


# a changed file


def test_every_flipped_byte_is_found(signer: Ed25519Signer) -> None:
    content = signed(SMALL, signer)
    assert verify(content, VERIFIER).valid
    for at in range(len(content)):
        for mask in (1, 0x20):
            flipped = content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]
            assert not verify(flipped, VERIFIER).valid, (at, mask)


def test_every_lost_byte_is_found(signer: Ed25519Signer) -> None:
    content = signed(SMALL, signer)
    for at in range(len(content)):
        assert not verify(content[:at] + content[at + 1 :], VERIFIER).valid, at


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: json.dumps(json.loads(content), indent=1).encode(), "departs from it at byte 1."),
        (lambda content: content + b"\n", "departs from it at byte 1886."),
        (lambda content: content.replace(b"FOR", b"\\u0046OR", 1), "departs from it at byte "),
        (lambda content: b'{"signature":"x",' + content[1:], "The key 'signature' stands twice in one object."),
        (lambda content: content.replace(b'"weight":5', b'"weight":5.0'), "5.0 is no whole number."),
        (lambda content: content.replace(b'"weight":5', b'"weight":NaN'), "NaN is no whole number."),
        (lambda content: content.replace(b'"weight":5', b'"weight":true'), "weight is no whole number from 1 to "),
        (lambda content: content.replace(b'"weight":5', b'"weight":0'), "weight is no whole number from 1 to "),
        (lambda content: content.replace(b'"weight":5', b'"height":5'), "An entry of electorate lacks weight."),
        (lambda content: content.replace(b'"weight":5', b'"weight":5,"x":1'), "electorate has the unknown 'x'."),
        (lambda content: content.replace(b"T01:", b"T25:", 1), "castAt is no time like "),
        (lambda content: content.replace(b'"version":1', b'"version":2'), "not of the format frontier-receipt"),
        (lambda content: b"[" * 200_000, "The file is nested too deeply."),
        (lambda content: b"", "The file is empty."),
        (lambda content: b"\xef\xbb\xbf" + content, "The file is no JSON: Unexpected UTF-8 BOM"),
        (lambda content: content + b"\r\n", "departs from it at byte 1886."),
        (lambda content: content[: len(content) // 2], "The file is no JSON: "),
        (lambda content: content.replace(b'"weight":5', b'"weight":' + b"9" * 5000), "Exceeds the limit (4300 digits)"),
        (lambda content: content.replace(b'"FOR"', '"FO\u0052\u0301"'.encode()), "choice is none of FOR, AGAINST, "),
        (lambda content: content.replace(b"2026", "\uff12\uff10\uff12\uff16".encode()), "startsAt is no time like "),
        (lambda content: b"\xff", "The file is not UTF-8."),
        (lambda content: b"[]", "The file is no object."),
    ],
)
def test_another_form_is_no_receipt(signer: Ed25519Signer, change: Callable[[bytes], bytes], said: str) -> None:
    result = verify(change(signed(SMALL, signer)), VERIFIER)
    assert not result.valid
    assert any(said in mismatch for mismatch in result.mismatches), result.mismatches


def test_a_key_that_stands_twice_among_many_is_found_at_once() -> None:
    """Looking for it key by key would take hours for this file."""
    many = b",".join(b'"%d":1' % number for number in range(200_000))
    result = verify(b"{" + many + b',"199999":1}', VERIFIER)
    assert result.mismatches == ("The key '199999' stands twice in one object.",)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.data(),
)
def test_nothing_in_a_file_raises(signer: Ed25519Signer, junk: object, data: st.DataObject) -> None:
    whole = node = json.loads(signed(SMALL, signer))
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    changed = node[key] != junk or type(node[key]) is not type(junk)
    node[key] = junk
    result = verify(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode(), VERIFIER)
    assert result.valid is not changed


def test_a_missing_ballot_is_found(signer: Ed25519Signer) -> None:
    content = edited(signed(SMALL, signer), lambda data: data["receipt"]["ballots"].pop())
    result = verify(content, VERIFIER)
    assert result.mismatches == (
        f"The hash is {receipt_hash(receipt_bytes(SMALL))}, but the receipt's is {result.computed}.",
        "The signature is not that of the key over this receipt.",
        "outcome.tally.against is 2, but the ballots give 0.",
        "outcome.tally.voters is 2, but the ballots give 1.",
        "outcome.tally.byTwins is 2, but the ballots give 0.",
    )


# a file that its own key signed anew


def test_a_receipt_signed_by_another_key_is_found(signer: Ed25519Signer, tmp_path: Path) -> None:
    forged = signed(SMALL, signer_in(tmp_path))
    assert verify(forged, VERIFIER).valid
    assert verify(forged, VERIFIER, key=signer.key).mismatches == (
        "The receipt is signed by another key than the given one.",
    )


# the chain


def test_receipts_that_follow_each_other_are_valid_in_any_order_of_their_files(signer: Ed25519Signer) -> None:
    files = chain_of(signer, 4)
    results = chained({str(at): verify(files[at], VERIFIER) for at in (2, 0, 3, 1)})
    assert [(name, result.valid) for name, result in results.items()] == [(str(at), True) for at in range(4)]


def test_a_broken_chain_is_found(signer: Ed25519Signer) -> None:
    files = chain_of(signer, 4)
    missing = chained({str(at): verify(files[at], VERIFIER) for at in (0, 1, 3)})
    assert missing["3"].mismatches == ("The chain is broken: after seq 1 comes seq 3, not 2.",)
    rewritten = signed(replace(SMALL, decided_at=ENDS + timedelta(seconds=1)), signer)
    results = chained({"0": verify(rewritten, VERIFIER), "1": verify(files[1], VERIFIER)})
    assert results["0"].valid
    (said,) = results["1"].mismatches
    assert said == (
        f"The chain is broken: it names {results['1'].previous} as the one before, "
        f"whose hash is {results['0'].computed}."
    )


def test_a_receipt_is_held_against_the_hash_before_it(signer: Ed25519Signer) -> None:
    first, second = chain_of(signer, 2)
    hash_ = verify(first, VERIFIER).computed
    assert verify(second, VERIFIER, previous=hash_).valid
    assert verify(second, VERIFIER, previous="0" * 64).mismatches == (
        f"The chain is broken: it names {hash_} as the one before, not {'0' * 64}.",
    )


# the key


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first, again = signer_in(tmp_path), signer_in(tmp_path)
    assert first.key == again.key
    assert (tmp_path / "receipt.key").stat().st_mode & 0o777 == 0o600
    assert VERIFIER.verify(b"content", again.sign(b"content"), first.key)


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "receipt.key").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="holds no Ed25519 key: put the DAO's key back from a backup"):
        signer_in(tmp_path)


def test_a_signature_has_one_spelling(signer: Ed25519Signer) -> None:
    signature = signer.sign(b"content")
    assert len(signature) == 86
    others = [
        signature + "=",
        signature[:-1] + chr(ord(signature[-1]) + 1),
        "é",
        "",
        signature.replace("-", "+") + "\n",
    ]
    assert [VERIFIER.verify(b"content", other, signer.key) for other in others] == [False] * 5
    assert decoded(signer.key, 64) is None


# the documentation


def block(language: str) -> str:
    """The only block in this language of docs/receipts.md."""
    text = (Path(__file__).parents[2] / "docs" / "receipts.md").read_text()
    (found,) = re.findall(rf"```{language}\n(.*?)\n```", text, re.DOTALL)
    return str(found)


def test_the_documented_receipt_is_valid() -> None:
    assert verify(block("json").encode(), VERIFIER, key="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").mismatches == ()


def test_the_documented_verifier_agrees() -> None:
    def run(content: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", block("python")], input=content, capture_output=True, text=True, check=False
        )

    right = run(block("json"))
    assert (right.stdout, right.stderr) == ("valid: {'FOR': 8, 'AGAINST': 2, 'ABSTAIN': 0}\n", "")
    assert run(block("json").replace("AGAINST", "ABSTAIN", 1)).returncode == 1

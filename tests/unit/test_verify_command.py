"""`frontier verify` over files: what it prints, and its exit code."""

import os
from dataclasses import replace
from pathlib import Path
from socket import AF_UNIX, socket

import pytest
from click.testing import CliRunner, Result

from adapters.auth.ed25519 import Ed25519Signer
from app.cli import frontier
from app.verify import MOST_BYTES
from domain.errors import BadInput
from domain.receipt_forms import receipt_bytes
from domain.receipts import receipt_hash
from domain.tally import CastBy
from tests.unit.receipting import FOR, SMALL, Member, chain_of, receipt_of, signed, signer_in

HASH = receipt_hash(receipt_bytes(SMALL))


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    return signer_in(tmp_path)


def verified(folder: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(frontier, ["verify", *map(str, arguments), "--data-dir", str(folder / "none")])


def test_a_valid_file_is_told_in_one_line(tmp_path: Path, signer: Ed25519Signer) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(signed(SMALL, signer))
    done = verified(tmp_path, file, "--key", signer.key)
    assert (done.exit_code, done.output) == (0, f"{file}: valid, resolution 0, hash {HASH}\n")


def test_without_a_key_it_says_whose_is_trusted(tmp_path: Path, signer: Ed25519Signer) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(signed(SMALL, signer))
    done = verified(tmp_path, file)
    assert done.exit_code == 0
    assert done.output.splitlines()[1].startswith("  note: Signed by the key in the file")


def test_what_is_wrong_is_told_and_the_exit_code_is_1(tmp_path: Path, signer: Ed25519Signer) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(signed(replace(SMALL, ballots=SMALL.ballots[:1]), signer))
    done = verified(tmp_path, file, "--key", signer.key)
    assert done.exit_code == 1
    assert done.output.splitlines()[0].startswith(f"{file}: INVALID, resolution 0, hash ")
    assert "  - outcome.tally.against is 2, but the ballots give 0." in done.output.splitlines()


def test_a_folder_is_a_chain(tmp_path: Path, signer: Ed25519Signer) -> None:
    folder = tmp_path / "receipts"
    folder.mkdir()
    for name, content in zip("bac", chain_of(signer, 3), strict=True):
        (folder / f"{name}.json").write_bytes(content)
    whole = verified(tmp_path, folder, "--key", signer.key)
    assert whole.exit_code == 0
    assert [line.split(":")[0] for line in whole.output.splitlines()] == [
        str(folder / f"{name}.json") for name in "bac"
    ]
    (folder / "a.json").unlink()
    broken = verified(tmp_path, folder, "--key", signer.key)
    assert broken.exit_code == 1
    assert broken.output.splitlines()[-1] == "  - The chain is broken: after seq 0 comes seq 2, not 1."


def test_what_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    missing = verified(tmp_path, tmp_path / "receipt.json").exception
    assert isinstance(missing, BadInput)
    assert "There is no file" in str(missing)
    assert "set --data-dir" in str(missing)
    empty = verified(tmp_path, tmp_path).exception
    assert isinstance(empty, BadInput)
    assert "holds no *.json" in str(empty)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    for name in ("", "x" * 5000, f"{tmp_path}/" * 500):
        missing = verified(tmp_path, name).exception
        assert isinstance(missing, BadInput)
        assert str(missing).startswith(f"There is no file {name}, and no database in ")


def test_a_folder_among_the_receipts_of_a_folder_is_none(tmp_path: Path, signer: Ed25519Signer) -> None:
    (tmp_path / "receipts" / "a.json").mkdir(parents=True)
    (tmp_path / "receipts" / "b.json").write_bytes(signed(SMALL, signer))
    assert verified(tmp_path, tmp_path / "receipts", "--key", signer.key).exit_code == 0


def test_what_is_no_file_among_the_receipts_is_told_by_its_name(tmp_path: Path, signer: Ed25519Signer) -> None:
    folder = tmp_path / "receipts"
    folder.mkdir()
    (folder / "a.json").write_bytes(signed(SMALL, signer))
    (folder / "linked.json").symlink_to(folder / "a.json")
    assert verified(tmp_path, folder, "--key", signer.key).exit_code == 1  # the same receipt twice is no chain
    os.mkfifo(folder / "pipe.json")
    (folder / "gone.json").symlink_to(folder / "nothing")
    done = verified(tmp_path, folder).exception
    assert isinstance(done, BadInput)
    assert str(done).startswith(f"{folder}/gone.json, {folder}/pipe.json: no regular file.")


def test_of_much_that_is_wrong_the_first_is_told(tmp_path: Path, signer: Ed25519Signer) -> None:
    file, all_for = tmp_path / "receipt.json", receipt_of([Member(by=CastBy.MEMBER, said=FOR)] * 30)
    file.write_bytes(signed(replace(all_for, places=()), signer))
    done = verified(tmp_path, file, "--key", signer.key)
    assert (done.exit_code, len(done.output.splitlines())) == (1, 22)
    assert done.output.splitlines()[-1] == "  - and 10 more."


def test_what_cannot_be_read_as_a_receipt_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("vast.json").open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    with socket(AF_UNIX) as ear:
        ear.bind("socket.json")
        for given, said in (
            ("vast.json", "vast.json is larger than any receipt (64 MiB)"),
            ("/dev/zero", "/dev/zero is larger than any receipt (64 MiB)"),
            ("socket.json", "socket.json cannot be read ("),
        ):
            done = verified(tmp_path, given).exception
            assert isinstance(done, BadInput)
            assert str(done).startswith(said)
            assert "give a receipt.json" in str(done)

"""`frontier verify` over files: what it prints, and its exit code."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.auth.ed25519 import Ed25519Signer
from app.cli import frontier
from app.verify import MOST_BYTES
from domain.errors import BadInput
from domain.receipt_forms import receipt_bytes
from domain.receipts import receipt_hash
from tests.unit.receipting import SMALL, chain_of, signed, signer_in

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


def test_what_cannot_be_read_as_a_receipt_is_told_by_its_name(tmp_path: Path) -> None:
    folder, vast = tmp_path / "receipts" / "a.json", tmp_path / "vast.json"
    folder.mkdir(parents=True)
    with vast.open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    for given, said in ((folder.parent, f"{folder} cannot be read (Is a directory)"), (vast, f"{vast} is larger than")):
        done = verified(tmp_path, given).exception
        assert isinstance(done, BadInput)
        assert said in str(done)
        assert "give a receipt.json" in str(done)

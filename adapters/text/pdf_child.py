"""The child process that reads one hostile-until-proven PDF from stdin and writes its text to stdout as UTF-8.

Run as a script with four numbers: address space in bytes, CPU seconds, most bytes of text, most pages.
Its exit code is an `Outcome`. It imports nothing of ours and gets no environment, no network and no file to write.
"""

import contextlib
import enum
import io
import logging
import os
import re
import resource
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, NoReturn

if TYPE_CHECKING:
    from pdfminer.pdfdocument import PDFDocument


class Outcome(enum.IntEnum):
    """Codes that neither Python (0, 1, 2) nor a shell (126 and up) uses, but for READ."""

    READ = 0
    ENCRYPTED = 64
    DAMAGED = 65
    NO_TEXT = 66
    TOO_MUCH = 67


UNMAPPED = re.compile(r"\(cid:\d+\)")
"""How pdfminer writes a glyph whose character the font does not tell."""

UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
"""Controls and lone surrogates: a database or UTF-8 cannot hold them."""

READABLE = tuple(prefix + os.sep for prefix in {sys.prefix, sys.base_prefix})
"""pdfminer opens its own character maps, Python its modules; nothing else is read."""

FORBIDDEN_EVENTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.remove",
    "ctypes.",
)


def limit(address_space: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave_network() -> None:
    """Into a network namespace with no interface, where the kernel lets us; the audit hook stands in any case."""
    for flags in (os.CLONE_NEWNET, os.CLONE_NEWUSER | os.CLONE_NEWNET):
        with contextlib.suppress(OSError):
            os.unshare(flags)
            return


def refuse_outside(event: str, args: tuple[object, ...]) -> None:
    """An audit hook: no sockets, no processes, no reading outside Python's own folders."""
    if event.startswith(FORBIDDEN_EVENTS):
        raise PermissionError(f"{event} is forbidden here.")
    if event == "open" and isinstance(args[0], str | bytes):
        path = os.path.realpath(os.fsdecode(args[0]))
        writes = isinstance(args[1], str) and set(args[1]) & set("wax+")
        if writes or not path.startswith(READABLE):
            raise PermissionError("Opening files is forbidden here.")


def opened(source: BinaryIO) -> "PDFDocument":
    """The parsed document. Whatever goes wrong in the security handler is PDFEncryptionError."""
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError
    from pdfminer.pdfparser import PDFParser

    class Document(PDFDocument):
        def _initialize_password(self, password: str = "") -> None:
            try:
                super()._initialize_password(password)
            except (MemoryError, RecursionError):
                raise
            except Exception as error:
                raise PDFEncryptionError from error

    return Document(PDFParser(source))


def pages(document: "PDFDocument", most_pages: int) -> Iterator[str]:
    """Each page's text, hyphens left as they are. Raises MemoryError past `most_pages`."""
    from pdfminer.converter import TextConverter
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    for number, page in enumerate(PDFPage.create_pages(document)):
        if number == most_pages:
            raise MemoryError
        target = io.StringIO()
        PDFPageInterpreter(resources, TextConverter(resources, target, laparams=LAParams())).process_page(page)
        yield UNSTORABLE.sub("", UNMAPPED.sub("\N{REPLACEMENT CHARACTER}", target.getvalue())).strip()


def write_text(document: "PDFDocument", *, most_bytes: int, most_pages: int) -> Outcome:
    """Pages are separated by a blank line. A document without pages is damaged, one without letters a scan."""
    written = count = 0
    for page in pages(document, most_pages):
        count += 1
        if not page.strip("\N{REPLACEMENT CHARACTER} \n\t\f\r"):
            continue
        text = (("\n\n" if written else "") + page).encode()
        written += len(text)
        if written > most_bytes:
            return Outcome.TOO_MUCH
        sys.stdout.buffer.write(text)
    if not count:
        return Outcome.DAMAGED
    return Outcome.READ if written else Outcome.NO_TEXT


def read(source: BinaryIO, *, most_bytes: int, most_pages: int) -> Outcome:
    """pdfminer lets ValueError, TypeError, KeyError and others through its own tree: all of them mean damage."""
    from pdfminer.pdfdocument import PDFEncryptionError

    try:
        return write_text(opened(source), most_bytes=most_bytes, most_pages=most_pages)
    except PDFEncryptionError:
        return Outcome.ENCRYPTED
    except (MemoryError, RecursionError):
        return Outcome.TOO_MUCH
    except Exception:  # noqa: BLE001  # what a parser of hostile bytes raises cannot be listed
        return Outcome.DAMAGED


def main() -> NoReturn:
    """Leaves by os._exit: after a MemoryError an orderly end may fail."""
    address_space, cpu_seconds, most_bytes, most_pages = map(int, sys.argv[1:5])
    limit(address_space, cpu_seconds)
    leave_network()
    import pdfminer.high_level  # noqa: F401  # all of pdfminer, before the hook watches

    sys.addaudithook(refuse_outside)
    logging.disable()
    outcome = read(sys.stdin.buffer, most_bytes=most_bytes, most_pages=most_pages)
    sys.stdout.buffer.flush()
    os._exit(outcome)


if __name__ == "__main__":
    main()

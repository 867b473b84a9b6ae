"""Plain prose of any length: the same for the same length, with names, places and turns of phrase that vary."""

from random import Random

FIRST = (
    "Aino Bruno Carla Dario Edda Farid Greta Hamza Iris Jonas Kaja Liam Mirek Nadia Oskar Paula Qasim Rosa Stefan Tuva"
)
LAST = "Almeida Bergström Castellano Drummond Eriksen Fontaine Grabowski Halvorsen Ivanova Jankowski Keller Lombardi"
PLACES = "Lisbon Tromsø Gdansk Bologna Utrecht Porto Aarhus Leipzig Nantes Bilbao Turku Graz Ghent Bergen Riga Zadar"
FIRMS = (
    "Haldane Tools",
    "North Quay Works",
    "Bellweather Plastics",
    "Castor & Sons",
    "Ironbridge Supply",
    "Ostro Labs",
)
THINGS = (
    "drill press|lathe|band saw|kiln|resin tank|compressor|soldering station|laser cutter|filament dryer|spray booth|"
    "loom|letterpress|vinyl plotter|pick-and-place machine|dust collector|milling machine|bending brake|test rig"
)
PARTS = "bearing|drive belt|nozzle|fan|power supply|spindle|guide rail|pressure valve|heating element|limit switch|hose"
STATES = (
    "worn out|back in service|out of alignment|louder than before|clean again|due for inspection|still under warranty"
)
ROOMS = "the north hall|the cellar|the paint room|the loading bay|the upper gallery|the classroom|the old foundry"
OPINIONS = (
    "I think|I still believe|Most of us agreed|Nobody doubted|The minutes say|It was noted|Our neighbours told us"
)
ENDS = (
    "before the winter|after the second inspection|for the third year in a row|without a single complaint|"
    "at half the expected price|as the rules ask for|although nobody had planned it|while the office was closed"
)
MONTHS = "January February March April May June July August September October November December"
PATTERNS = (
    "{person} bought the {thing} from {firm} in {month} {year} for {amount} euros.",
    "The {thing} in {room} is {state}, and {person} replaces its {part} every {number} weeks.",
    "{person} met {other} in {place} to talk about the {part} of the {thing}.",
    "{firm} of {place} delivered {number} pieces of the {part} {end}.",
    "{opinion} that the {thing} should stay in {room} {end}.",
    "In {month} the {part} failed after {amount} hours, so {other} borrowed one from {firm}.",
    "We keep the manual of the {thing} in {room}, next to the shelf that {person} built.",
    "{opinion} that {person} was right about the {part}, for the {thing} has been {state} since {month}.",
    "{other} moved from {place} to {place2} in {year} and has looked after the {thing} ever since.",
    "It takes {number} minutes to warm up the {thing}; the {part} must not get hotter than {amount} degrees.",
    "When the {thing} is {state}, call {person} first and {firm} second.",
    "I prefer the {thing} in {room} to the one that {firm} lent us {end}.",
)


class Prose:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # no secret

    def text(self, size: int) -> str:
        """Paragraphs of three to eight sentences, `size` bytes of UTF-8 but for the last sentence's rest."""
        return self._written(size, every=0)

    def markdown(self, size: int) -> str:
        """The same under headings."""
        return self._written(size, every=4)

    def _written(self, size: int, *, every: int) -> str:
        paragraphs: list[str] = []
        written = 0
        while written < size:
            if every and len(paragraphs) % every == 0:
                paragraphs.append(f"# Notes on the {self._one(THINGS)} in {self._one(ROOMS)}")
            else:
                paragraphs.append(" ".join(self._sentence() for _ in range(self._random.randint(3, 8))))
            written += len(paragraphs[-1].encode()) + 2
        return "\n\n".join(paragraphs).encode()[:size].decode(errors="ignore").rpartition(".")[0] + ".\n"

    def _sentence(self) -> str:
        draw = self._random
        return draw.choice(PATTERNS).format(
            person=self._name(),
            other=self._name(),
            firm=draw.choice(FIRMS),
            place=draw.choice(PLACES.split()),
            place2=draw.choice(PLACES.split()),
            month=draw.choice(MONTHS.split()),
            year=draw.randint(1987, 2026),
            amount=draw.randint(20, 4_000),
            number=draw.randint(2, 90),
            thing=self._one(THINGS),
            part=self._one(PARTS),
            state=self._one(STATES),
            room=self._one(ROOMS),
            opinion=self._one(OPINIONS),
            end=self._one(ENDS),
        )

    def _name(self) -> str:
        return f"{self._random.choice(FIRST.split())} {self._random.choice(LAST.split())}"

    def _one(self, words: str) -> str:
        return self._random.choice(words.split("|"))

"""General English vocabulary for the built-in answerer: function words, number words, families of synonyms.

Nothing here is about one DAO; what a document is about comes from the document.
"""

import re

STOP_WORDS = """
a an the this that these those some any each every all both either neither no not nor only own same such than too very
just also still even ever yet already again then there here now once about above across after against along among
around as at before behind below beneath beside between beyond by down during except for from in inside into like near
of off on onto out outside over past per since through throughout to toward towards under until till up upon via with
within without and but or so if because while although though whether unless
i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her hers herself it its
itself they them their theirs themselves who whom whose which what when where why how whoever whatever
am is are was were be been being do does did doing done have has had having will would shall should can could may might
must ought need i'm i'd i've i'll you're we're they're he's she's it's that's what's who's where's when's how's don't
doesn't didn't isn't aren't wasn't weren't won't wouldn't can't cannot couldn't shouldn't let's please tell know remind
there's whats im hey hi hello ok okay well maybe actually really anyone anybody someone somebody everyone everybody
something anything nothing one ones many much more most less few little lot long far old big exactly currently
t s d ll ve re m oh yes mr mrs ms dr
"""

GENERIC = """
do go get make take give come have need use keep put say tell know think see look find want let try call called name
work thing way kind sort type time happen become became stand lie hang belong concern mean person people place part
number amount point case fact lot bit new current right good bad able different certain order show describe explain
list summarise mention note document file according high wrong matter issue speak wear fit deal read include contain
apply plan total required allowed necessary supposed possible state role level value size other often usually ask
"""

IRREGULAR = {
    form: base
    for base, forms in {
        "break": "broke broken", "buy": "bought", "sell": "sold", "pay": "paid", "keep": "kept", "lose": "lost loss",
        "leave": "left", "eat": "ate eaten", "write": "wrote written", "sing": "sang sung", "lend": "lent",
        "give": "gave given", "get": "got gotten", "come": "came", "run": "ran", "meet": "met", "say": "said",
        "tell": "told", "think": "thought", "bring": "brought", "send": "sent", "spend": "spent", "build": "built",
        "hold": "held", "lead": "led", "fall": "fell fallen", "grow": "grew grown", "know": "knew known",
        "make": "made", "find": "found", "win": "won", "wear": "wore worn", "drive": "drove driven",
        "speak": "spoke spoken", "choose": "chose chosen choice", "steal": "stole stolen theft", "begin": "began begun",
        "drink": "drank drunk", "sleep": "slept", "understand": "understood", "teach": "taught", "catch": "caught",
        "feel": "felt", "shoot": "shot", "hide": "hid hidden", "sit": "sat", "stand": "stood", "take": "took taken",
        "go": "went gone", "see": "saw seen", "sow": "sown", "freeze": "froze frozen", "throw": "threw thrown",
        "ride": "rode ridden",
        "fly": "flew flown", "draw": "drew drawn", "swim": "swam swum", "bear": "born borne", "man": "men",
        "woman": "women", "child": "children", "person": "people", "foot": "feet", "mouse": "mice", "shelf": "shelves",
        "knife": "knives", "tooth": "teeth", "member": "membership",
        "fail": "failure", "decide": "decision", "propose": "proposal", "approve": "approval", "insure": "insurance",
        "deliver": "delivery", "permit": "permission", "study": "studies", "contribute": "contribution",
        "warm": "warmth", "long": "length", "weigh": "weight", "high": "height", "wide": "width", "deep": "depth",
        "bake": "baker bakery", "bind": "bound", "dig": "dug", "shut": "shutting", "hurt": "hurting",
    }.items()
    for form in forms.split()
}  # fmt: skip

NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        [
            "zero",
            "one first once",
            "two second twice both",
            "three third thrice",
            "four fourth",
            "five fifth",
            "six sixth",
            "seven seventh",
            "eight eighth",
            "nine ninth",
            "ten tenth",
            "eleven eleventh",
            "twelve twelfth dozen",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
    for word in words.split()
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100", "thousand": "1000"}

PHRASES = tuple(
    (re.compile(rf"\b{pattern}\b", re.IGNORECASE), word)
    for pattern, word in (
        (r"look(?:s|ed|ing)? after|(?:tak(?:es?|ing|en)|took) (?:care of|over)|in charge of|cares? for", "responsible"),
        (r"in charge", "responsible"),
        (r"(?:sister|brother|mother|father|son|daughter)s?[- ]in[- ]law", "inlaw"),
        (r"set(?:s|ting)? off|(?:went|go|goes|gone|going) off", "trigger"),
        (r"turn(?:s|ed)? out|c[oa]me of|bec[oa]me of", "end"),
        (r"(?:gave|give|gives|given|giving) up", "abandon"),
        (r"pick(?:s|ed|ing)? up", "collect"),
        (r"(?:put|puts|putting) off", "postponed"),
        (r"(?:turn(?:s|ed)?|voted) down", "rejected"),
        (r"(?:no|any) longer", "stopped"),
        (r"(?:takes?|took|taking) place", "happen"),
        (r"girl ?friend|gf", "girlfriend"),
        (r"boy ?friend|bf", "boyfriend"),
    )
)  # fmt: skip

FAMILIES = (
    "cost price fee charge expense expensive rate pay spend bill invoice",
    "money euro eur dollar usd € $ £",
    "repair fix mend service maintain maintenance restore overhaul",
    "break broken fail failure die damage defect defective crash malfunction stop kaputt",
    "responsible service maintain",
    "responsible duty supervise manage lead head run chair coordinate handle organise organize",
    "begin start launch commence open",
    "end finish close stop expire over",
    "allow permit permission consent may forbid forbidden ban prohibit prohibited banned authorise entitle",
    "leave quit resign exit depart withdraw",
    "join enter admission admit enrol sign",
    "decide pass fail reject approve adopt agree resolve accept resolution rejected outcome result end",
    "happen occur take",
    "own owner possess belong",
    "arrive deliver come delivery",
    "repaid return refund back reimburse give",
    "abandon stop quit drop",
    "collect fetch gather pickup",
    "bike bicycle cycle",
    "car vehicle van automobile truck",
    "phone telephone call mobile cell extension reach dial",
    "mail email e-mail",
    "picture photo photograph image",
    "flat apartment home house live dwelling reside",
    "work job employ employer profession occupation",
    "company firm business supplier contractor enterprise manufacturer vendor",
    "member resident tenant owner participant",
    "wash laundry launder",
    "clean wipe cleaning",
    "store keep stow storage kept stash",
    "afraid fear scared frighten anxious",
    "like love enjoy prefer favourite favorite fond rather best",
    "dislike hate loathe detest stand mind",
    "buy purchase acquire order",
    "buy pay",
    "sell sale sold",
    "tall high height",
    "hot heat temperature warm degree ° celsius",
    "heavy weigh weight kilo kg gram",
    "quick fast speed rapid slow",
    "loud noise noisy quiet silence volume",
    "fuel diesel petrol gas gasoline",
    "climb hike walk trek ascend",
    "tour trip excursion journey",
    "wife spouse partner girlfriend",
    "husband spouse partner boyfriend",
    "kid child son",
    "kid child daughter",
    "mother mum mom parent",
    "father dad parent",
    "doctor physician",
    "illness sick ill disease",
    "supper dinner meal",
    "holiday vacation leave",
    "stolen steal theft rob",
    "clog jam block stuck",
    "deadline due latest until by register",
    "register sign enrol apply",
    "need require must have necessary",
    "store shop",
    "bin waste rubbish trash garbage",
    "lift elevator",
    "cellar basement",
    "meeting assembly session rehearsal gathering",
    "vote ballot poll proposal",
    "reason because why",
    "live reside home address",
    "bad wrong problem trouble issue broken",
    "teach teacher lesson",
    "write author written",
    "material filament plastic",
    "machine printer device",
    "suggest propose proposal",
    "replace swap exchange change substitute",
    "borrow lend owe loan give",
    "weather rain sun snow wind",
    "insure policy cover",
    "big large size area",
    "salary wage pay",
    "meet meeting",
)  # fmt: skip

KINDS: tuple[tuple[str, str], ...] = (
    (
        "colour color",
        "red green blue yellow black white grey gray brown orange purple pink violet silver gold turquoise",
    ),
    ("weekday day", "monday tuesday wednesday thursday friday saturday sunday weekday weekend daily mondays tuesdays"),
    ("month", "january february march april may june july august september october november december"),
    ("season", "spring summer autumn fall winter"),
    ("material filament plastic", "pla petg abs asa tpu nylon resin pc pva hips pet wood steel metal acrylic plywood"),
    ("drink beverage", "tea coffee beer wine water juice milk cocoa lemonade cider mate"),
    ("pet animal", "dog cat hamster rabbit parrot horse fish hen chicken budgie tortoise"),
    ("crop grain cereal", "wheat oats rye barley maize corn spelt"),
    ("sport", "football tennis swimming running cycling climbing sailing hockey rowing yoga chess judo"),
    ("instrument", "piano guitar violin cello flute trumpet drums clarinet organ bass accordion saxophone"),
    ("fruit", "apple pear banana plum cherry grape orange strawberry raspberry mango"),
    ("vegetable", "tomato carrot potato bean lettuce cucumber onion cabbage spinach pea leek"),
    (
        "relative family",
        "mother father sister brother son daughter aunt uncle cousin wife husband grandmother grandfather",
    ),
    ("pay cost", "free nothing half"),
    (
        "limb",
        "knee ankle elbow shoulder wrist hip foot toe finger thumb hand arm leg back neck head eye ear tooth nose",
    ),
)

OPPOSITES = (
    "home away",
    "load unload",
    "buy sell",
    "arrive leave depart",
    "open close",
    "lock unlock",
    "north south east west",
    "left right",
    "morning afternoon evening night noon",
    "early late",
    "upper lower",
    "minimum maximum",
    "income expense",
    "start end",
    "indoor outdoor",
    "adult child pupil student pensioner senior",
    "staging production",
    "spring summer autumn winter",
    "hot cold",
    "fixed flexible",
    "lend borrow",
    "breakfast lunch dinner supper",
    "monthly weekly daily yearly annual",
)
"""Words that exclude each other: what is said of one tells nothing of the other."""

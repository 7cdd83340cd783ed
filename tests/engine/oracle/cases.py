"""Cases by number: the same seed makes the same requests."""

import random

from oracle.spelling import JSON
from oracle.wiring import WIRE

MUTATIONS = {**JSON, **WIRE}
NAMES = list(MUTATIONS)
WEIGHTS = [weight for weight, _ in MUTATIONS.values()]
HOW_MANY = [1, 1, 1, 1, 2, 2, 3]

# With these a request keeps its effect, at least in one of their ways.
EFFECTIVE = [
    "json-key-case", "json-key-fold", "json-key-escape",
    "json-key-escaped-fold", "json-value-escape", "json-duplicate-before",
    "json-duplicate-after", "json-object-split", "json-elements-split",
    "json-junk", "json-around", "path-escape", "path-slash-escape",
    "path-version", "path-absolute", "query-double", "query-separator",
    "query-escape", "query-form", "type", "field", "protocol",
    "head-newlines", "head-folded", "framing-chunked", "framing-two",
    "framing-length", "behind-another", "smuggled",
]
# And with these in some Engines alone.
EFFECTIVE_IN = {"json-lift": ["20.10", "26"], "framing-unfinished": ["20.10"]}


def effective(engine):
    return EFFECTIVE + [name for name, engines in EFFECTIVE_IN.items()
                        if engine in engines]


def harmful(effect, ground, seed, number):
    """A request with the effect, and changed in ways that may keep it.

    The first ones are as they are: each form has the effect.
    """
    rng = random.Random(f"{seed}:{effect.name}:{number}")
    form = effect.forms[number % len(effect.forms)]
    request = form(rng, ground)
    if number >= len(effect.forms):
        for _ in range(rng.choice(HOW_MANY)):
            mutate(rng, request)
    return request


def mutate(rng, request):
    """One of the mutations that find something to change."""
    while True:
        name = rng.choices(NAMES, WEIGHTS)[0]
        if MUTATIONS[name][1](rng, request) is not False:
            request.mutations.append(name)
            return


def with_mutation(effect, ground, seed, number, name):
    """A request with that one mutation, None where it has no place."""
    rng = random.Random(f"{seed}:{effect.name}:{name}:{number}")
    request = rng.choice(effect.forms)(rng, ground)
    if MUTATIONS[name][1](rng, request) is False:
        return None
    return request

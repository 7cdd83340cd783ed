"""Cases by number: the same seed makes the same requests."""

import random

from oracle.spelling import JSON
from oracle.wiring import WIRE

MUTATIONS = {**JSON, **WIRE}
NAMES = list(MUTATIONS)
WEIGHTS = [weight for weight, _ in MUTATIONS.values()]
HOW_MANY = [1, 1, 1, 1, 2, 2, 3]

ALL = ["20.10", "26", "28"]

# Those with which a request keeps its effect, at least in one of their ways,
# and the Engines that see it so.
EFFECTIVE = {
    "json-key-case": ALL, "json-key-fold": ALL, "json-key-escape": ALL,
    "json-key-escaped-fold": ALL, "json-value-escape": ALL,
    "json-duplicate-before": ALL, "json-duplicate-after": ALL,
    "json-object-split": ALL, "json-elements-split": ALL,
    "json-lift": ["20.10", "26"], "json-junk": ALL, "json-around": ALL,
    "path-escape": ALL, "path-slash-escape": ALL, "path-version": ALL,
    "path-absolute": ALL, "query-double": ALL, "query-separator": ALL,
    "query-escape": ALL, "query-form": ALL, "type": ALL, "field": ALL,
    "protocol": ALL, "head-newlines": ALL, "head-folded": ALL,
    "framing-chunked": ALL, "framing-two": ALL, "framing-length": ALL,
    "framing-unfinished": ["20.10"], "behind-another": ALL, "smuggled": ALL,
}


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

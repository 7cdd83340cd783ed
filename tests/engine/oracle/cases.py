"""Cases by number: the same seed makes the same requests."""

import random

from oracle.spelling import JSON
from oracle.wiring import WIRE

MUTATIONS = {**JSON, **WIRE}
NAMES = list(MUTATIONS)
WEIGHTS = [weight for weight, _ in MUTATIONS.values()]
HOW_MANY = [1, 1, 1, 1, 2, 2, 3]


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

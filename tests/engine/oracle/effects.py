"""What policies forbid: who asks for it in which forms, and did it happen.

Each effect makes requests that have it (`forms`, each in every spelling that
the Engine takes for the same) and clean ones of the same endpoints. Whether
it has happened is read from the Engine, never from the answer's status.
"""

from oracle.calls import CALLS
from oracle.containers import CONTAINERS


def of_engine(version):
    return [effect for effect in CONTAINERS + CALLS
            if effect.engines is None or version in effect.engines]

"""All of the tables."""

import itertools

from reading import bodies, framing, queries, targets

ROWS = list(itertools.chain.from_iterable(
    table.rows() for table in (targets, framing, bodies, queries)))

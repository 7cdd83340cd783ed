"""Configurations as the program reads them: YAML 1.2's core schema.

PyYAML reads YAML 1.1, where `off` is false and `0660` is 432.
"""

import re

import yaml


class Loader(yaml.SafeLoader):
    """Booleans, null and numbers of YAML 1.2; no dates, no merge keys."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
        ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$",
         list("-+0123456789")),
        ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$",
         list("-+0123456789."))):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}",
                                 re.compile(pattern), list(first))


def integer(loader, node):
    text = loader.construct_scalar(node)
    base = 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10
    return int(text, base)


Loader.add_constructor("tag:yaml.org,2002:int", integer)


def load(text):
    return yaml.load(text, Loader)

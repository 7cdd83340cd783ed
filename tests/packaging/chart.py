"""Renders a Helm chart: the part of Go's templates that ours is written in.

Strict where Helm is not: what this does not know, a value that is not there,
a definition that is missing are errors.
"""

import json
import re

import jsonschema
import yaml

ACTION = re.compile(r"{{(-\s)?\s*(.*?)\s*(\s-)?}}", re.S)
TOKEN = re.compile(r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+)
    |(?P<field>\.(?:[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)?)|(?P<word>[A-Za-z]\w*)
    |(?P<mark>[()|]))""", re.X)


class ChartError(Exception):
    """The chart, or what it is given, is wrong."""


# --- parsing ----------------------------------------------------------------

def pieces(source):
    """Text and actions in turn; white space that an action eats is gone."""
    at, eat = 0, False
    for found in ACTION.finditer(source):
        text = source[at:found.start()]
        text = text.lstrip() if eat else text
        yield "text", text.rstrip() if found[1] else text
        yield "action", found[2]
        at, eat = found.end(), bool(found[3])
    yield "text", source[at:].lstrip() if eat else source[at:]


def parse(source, definitions):
    """A tree of (kind, expression, body, otherwise)."""
    root, open_ = [], []
    body = root
    for kind, text in pieces(source):
        word, _, rest = text.partition(" ")
        if kind == "text":
            body.append(("text", text, None, None))
        elif text.startswith("/*"):
            continue
        elif word in ("if", "with", "define"):
            node = (word, rest, [], [])
            if word == "define":
                definitions[json.loads(rest)] = node[2]
            else:
                body.append(node)
            open_.append((node, body))
            body = node[2]
        elif text == "else" and open_ and open_[-1][0][0] == "if":
            body = open_[-1][0][3]
        elif text == "end" and open_:
            body = open_.pop()[1]
        elif word in ("range", "block", "template", "else", "end"):
            raise ChartError(f"not here: {text}")
        else:
            body.append(("value", text, None, None))
    if open_:
        raise ChartError(f"no end of {open_[-1][0][:2]}")
    return root


def tokens(text):
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if not match:
            raise ChartError(f"cannot read {text[at:]!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


# --- rendering --------------------------------------------------------------

def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (dict, list)):
        raise ChartError(f"no text: {value!r}")
    return str(value)


def indented(n, text):
    return "\n" + "\n".join(" " * n + line for line in text.split("\n"))


def fail(text):
    raise ChartError(text)


FUNCTIONS = {
    "toYaml": lambda v: yaml.safe_dump(
        v, default_flow_style=False).rstrip("\n"),
    "nindent": indented,
    "quote": lambda v: json.dumps(shown(v)),
    "default": lambda other, v: v if v else other,
    "printf": lambda form, *v: form % tuple(map(shown, v)),
    "eq": lambda a, b: a == b,
    "and": lambda a, b: a and b,
    "not": lambda a: not a,
    "fail": fail,
}


class Renderer:
    """A chart's definitions, and how a template is rendered with them."""

    def __init__(self, definitions):
        self.definitions = definitions

    def render(self, tree, dot):
        return "".join(self._node(node, dot) for node in tree)

    def _node(self, node, dot):
        kind, text, body, otherwise = node
        if kind == "text":
            return text
        value = self._pipeline(tokens(text), dot)
        if kind == "value":
            return shown(value)
        if not value:
            return self.render(otherwise, dot)
        return self.render(body, value if kind == "with" else dot)

    def _pipeline(self, words, dot):
        """Calls joined by |; the value of each is the last argument of the
        next."""
        carried = []
        for call in self._split(words):
            values = [self._value(word, dot) for word in call]
            if callable(values[0]):
                carried = [values[0](*values[1:], *carried)]
            elif len(values) == 1 and not carried:
                carried = values
            else:
                raise ChartError(f"not a call: {words}")
        return carried[0]

    @staticmethod
    def _split(words):
        """Calls; what is in parentheses is one word."""
        calls, depth, inner = [[]], 0, []
        for kind, word in words:
            if word == "(" and kind == "mark":
                depth += 1
                if depth == 1:
                    inner = []
                    continue
            if word == ")" and kind == "mark":
                depth -= 1
                if depth == 0:
                    calls[-1].append(("inner", inner))
                    continue
            if depth:
                inner.append((kind, word))
            elif word == "|" and kind == "mark":
                calls.append([])
            else:
                calls[-1].append((kind, word))
        if depth or not all(calls):
            raise ChartError(f"cannot read {words}")
        return calls

    def _value(self, word, dot):
        kind, text = word
        if kind == "inner":
            return self._pipeline(text, dot)
        if kind == "text":
            return json.loads(text)
        if kind == "number":
            return int(text)
        if kind == "field":
            return self._field(text, dot)
        if text == "include":
            return lambda name, at: self.render(self.definitions[name], at)
        if text not in FUNCTIONS:
            raise ChartError(f"unknown function {text}")
        return FUNCTIONS[text]

    @staticmethod
    def _field(text, dot):
        for key in text.split(".")[1:]:
            if key:
                if not isinstance(dot, dict) or key not in dot:
                    raise ChartError(f"{text} is not there")
                dot = dot[key]
        return dot


def merged(values, over):
    out = dict(values)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def template(folder, release, over=None):
    """What `helm template` makes: {file: text}."""
    chart = yaml.safe_load((folder / "Chart.yaml").read_text())
    values = merged(yaml.safe_load((folder / "values.yaml").read_text()),
                    over or {})
    try:
        jsonschema.validate(values, json.loads(
            (folder / "values.schema.json").read_text()))
    except jsonschema.ValidationError as wrong:
        raise ChartError(wrong.message) from wrong
    dot = {"Values": values, "Release": {"Name": release, "Namespace": "here"},
           "Chart": {"AppVersion": chart["appVersion"]}}
    definitions = {}
    trees = {path.name: parse(path.read_text(), definitions)
             for path in sorted((folder / "templates").iterdir())}
    renderer = Renderer(definitions)
    return {name: renderer.render(tree, dot) for name, tree in trees.items()}

"""Mutations of JSON: keys, values and structure in other spellings.

A mutation is a function of a random generator and a request, which it
changes; it returns False where it finds nothing to change.
"""

import json

from oracle.request import Obj, Spelled, dump

FOLDS = {"s": "\u017f", "S": "\u017f", "k": "\u212a", "K": "\u212a"}
NOT_FOLDS = {"i": "\u0131", "I": "\u0130", "a": "\u0430", "o": "\u043e",
             "e": "\u0435", "H": "\uff28"}


# The keys in these are the client's own.
DATA = {"Labels", "ExposedPorts", "Volumes", "Tmpfs", "Config", "DriverOpts",
        "Options", "EndpointsConfig"}


def members(value, spare=frozenset()):
    """Every (object, index) of a tree, but for what is in keys to spare."""
    if isinstance(value, Obj):
        for index, (key, member) in enumerate(value):
            yield value, index
            if key not in spare:
                yield from members(member, spare)
    elif isinstance(value, list):
        for element in value:
            yield from members(element, spare)


def strings(value):
    """Every (container, index, text) of a tree that is a value."""
    for index, item in enumerate(value):
        member = item[1] if isinstance(value, Obj) else item
        if isinstance(member, str):
            yield value, index, member
        elif isinstance(member, list):
            yield from strings(member)


def put(container, index, value):
    if isinstance(container, Obj):
        value = container[index][0], value
    container[index] = value


def a_member(rng, request, wanted=lambda key, value: True):
    """One member at random: (object, index, key, value), or None."""
    if not isinstance(request.body, Obj):
        return None
    found = [(obj, index, *obj[index]) for obj, index in members(request.body)
             if wanted(*obj[index])]
    return rng.choice(found) if found else None


def respell_key(change, spare=frozenset()):
    """A mutation that writes one or all of the keys in another way."""
    def mutation(rng, request):
        if not isinstance(request.body, Obj):
            return False
        found = [place for place in members(request.body, spare)
                 if not isinstance(place[0][place[1]][0], Spelled)]
        if not found:
            return False
        changed = False
        for obj, index in found if rng.random() < 0.3 else [rng.choice(found)]:
            key, value = obj[index]
            spelled = change(rng, key)
            changed = changed or spelled != key
            obj[index] = spelled, value
        return changed
    return mutation


def any_case(rng, text):
    return rng.choice([
        text.lower(), text.upper(), text.swapcase(),
        "".join(rng.choice([letter.lower(), letter.upper()])
                for letter in text)])


def folded(rng, text):
    """With letters that Go's decoder takes for s and k."""
    return "".join(FOLDS.get(letter, letter) if rng.random() < 0.7 else letter
                   for letter in any_case(rng, text))


def not_folded(rng, text):
    """With letters that look alike and are others to it."""
    found = [letter for letter in text if letter in NOT_FOLDS]
    if not found:
        return text
    letter = rng.choice(found)
    return text.replace(letter, NOT_FOLDS[letter], 1)


def escaped(rng, text):
    """The JSON string with some of its characters as \\u escapes."""
    form = rng.choice(["\\u%04x", "\\u%04X"])
    out = []
    for letter in text:
        if rng.random() < 0.4 and ord(letter) < 0x10000:
            out.append(form % ord(letter))
        else:
            out.append(json.dumps(letter, ensure_ascii=False)[1:-1])
    return Spelled('"%s"' % "".join(out))


def escaped_fold(rng, text):
    return escaped(rng, folded(rng, text))


def dressed_key(rng, text):
    """Another key, to the Engine."""
    return rng.choice([text + "\0", " " + text, text + " ", text + ".x",
                       "\ufeff" + text, "." + text])


def escape_string(rng, request):
    found = list(strings(request.body)) if isinstance(request.body, Obj) \
        else []
    found = [place for place in found if not isinstance(place[2], Spelled)]
    if not found:
        return False
    container, index, text = rng.choice(found)
    put(container, index, escaped(rng, text))
    return True


# --- duplicates: the Engine merges them


def harmless(rng, value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, Obj):
        return Obj()
    if isinstance(value, list):
        return rng.choice([[], [Obj()]]) \
            if value and isinstance(value[0], Obj) else []
    return 0 if isinstance(value, (int, float)) else rng.choice(["", "bb"])


def twin_key(rng, key):
    if isinstance(key, Spelled):
        return key
    return rng.choice([key, key, any_case(rng, key), folded(rng, key),
                       escaped(rng, key)])


def duplicate_before(rng, request):
    if not (found := a_member(rng, request)):
        return False
    obj, index, key, value = found
    obj.insert(rng.randint(0, index),
               (twin_key(rng, key), harmless(rng, value)))
    return True


def duplicate_after(rng, request):
    """Where the last one wins, this one undoes; null or {} does not."""
    if not (found := a_member(rng, request)):
        return False
    obj, index, key, value = found
    twin = rng.choice([None, None, harmless(rng, value)])
    obj.insert(rng.randint(index + 1, len(obj)), (twin_key(rng, key), twin))
    return True


def split_object(rng, request):
    """One object as two of the same name, with its members shared out."""
    found = a_member(rng, request, lambda key, value:
                     isinstance(value, Obj) and value)
    if not found:
        return False
    obj, index, key, value = found
    first = Obj(member for member in value if rng.random() < 0.5)
    rest = Obj(member for member in value if member not in first)
    obj[index] = key, first
    obj.append((twin_key(rng, key), rest))
    return True


def split_elements(rng, request):
    """A list of objects as two, the second decoded into the first."""
    found = a_member(rng, request, lambda key, value:
                     isinstance(value, list) and not isinstance(value, Obj)
                     and value and isinstance(value[0], Obj))
    if not found:
        return False
    obj, index, key, value = found
    first, rest = [], []
    for element in value:
        kept = Obj(member for member in element if rng.random() < 0.5)
        first.append(kept)
        rest.append(Obj(member for member in element if member not in kept))
    obj[index] = key, first
    obj.append((twin_key(rng, key), rest))
    return True


# --- structure


def lift_host_config(rng, request):
    """Up to Docker 26 the top level of a create body is one, too."""
    found = a_member(rng, request, lambda key, value: key == "HostConfig"
                     and isinstance(value, Obj))
    if not found or found[0] is not request.body:
        return False
    obj, index, _, value = found
    del obj[index]
    obj.extend(value)
    if rng.random() < 0.5:
        obj.insert(rng.randint(0, len(obj)), ("HostConfig", None))
    return True


def wrap(rng, request):
    """The body one level further down, beside or inside of itself."""
    if not isinstance(request.body, Obj) or not request.body:
        return False
    name = rng.choice(["Config", "ContainerConfig", "HostConfig", "body", ""])
    request.body = rng.choice([
        Obj([(name, request.body)]),
        Obj([*request.body, (name, request.body)]),
        [request.body],
    ])
    return True


def wrap_value(rng, request):
    """A value as a list of one; a list of one as its element."""
    if not (found := a_member(rng, request)):
        return False
    obj, index, key, value = found
    if isinstance(value, list) and not isinstance(value, Obj):
        if not value:
            return False
        obj[index] = key, value[0]
    else:
        obj[index] = key, [value]
    return True


def other_type(rng, request):
    """A boolean or number as text and the other way round."""
    if not (found := a_member(rng, request, lambda key, value:
                              not isinstance(value, list)
                              and value is not None)):
        return False
    obj, index, key, value = found
    text = dump(value).strip('"')
    obj[index] = key, rng.choice([text, text.capitalize(), 1, 1.0,
                                  Spelled("1e0"), Spelled("TRUE")])
    return True


JUNK = [
    ("Unknown", Spelled("1e999999")), ("x", Spelled("9" * 400)),
    ("x", Spelled('"\udcff\udcfe"')), ("x", Spelled('"\\ud800"')),
    ("x", Spelled('"\\u0000"')), ("x", Spelled("-0")),
    ("x", Spelled("[" * 60 + "]" * 60)),
    ("x", Spelled("[" * 3000 + "]" * 3000)),
    ("x", Spelled('"\\x41"')), ("x", Spelled('"\t"')), ("x", Spelled("NaN")),
    ("x", Spelled("{,}")), ("", None), ("\0", Obj()),
    ("Labels", Spelled('{"a":"1","A":"2","\u017f":"3","s":"4"}')),
]


def junk(rng, request):
    if not isinstance(request.body, Obj):
        return False
    objects = [request.body] + [value for obj, index in members(request.body)
                                if isinstance(value := obj[index][1], Obj)]
    place = rng.choice(objects)
    place.insert(rng.randint(0, len(place)), rng.choice(JUNK))
    return True


AROUND = [("", "}"), ("", "]"), ("", "{}"), ("", "x"), ("", "\0"),
          ("", ' {"HostConfig":{"Privileged":false}}'), ("", "}{}"),
          ("\ufeff", ""), (" \t\r\n", "\n \t"), ("\v", ""), ("\xa0", ""),
          ("{}", ""), ("null", ""), ("/**/", ""), ("", "//"), ("", ",")]


def around(rng, request):
    if not isinstance(request.body, list):
        return False
    request.around_json = rng.choice(AROUND)
    return True


def shuffle(rng, request):
    if not isinstance(request.body, Obj) or len(request.body) < 2:
        return False
    rng.shuffle(request.body)
    return True


# name -> (weight, mutation)
JSON = {
    "json-key-case": (4, respell_key(any_case)),
    "json-key-fold": (4, respell_key(folded)),
    "json-key-escape": (3, respell_key(escaped)),
    "json-key-escaped-fold": (3, respell_key(escaped_fold)),
    "json-key-lookalike": (1, respell_key(not_folded)),
    "json-key-dressed": (1, respell_key(dressed_key)),
    "json-value-escape": (3, escape_string),
    "json-duplicate-before": (4, duplicate_before),
    "json-duplicate-after": (4, duplicate_after),
    "json-object-split": (4, split_object),
    "json-elements-split": (4, split_elements),
    "json-lift": (3, lift_host_config),
    "json-wrap": (1, wrap),
    "json-value-wrap": (2, wrap_value),
    "json-type": (2, other_type),
    "json-junk": (3, junk),
    "json-around": (3, around),
    "json-order": (1, shuffle),
}

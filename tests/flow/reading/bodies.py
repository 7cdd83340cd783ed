"""JSON bodies: what Go's decoder makes of them.

To /containers/create, where a rule asks for HostConfig.Privileged: so the
whole body is held, scanned and judged, and what passes arrives unchanged.
"""

from reading import Row, refused, same
from wire import chunked, request

CREATE = "/containers/create?name=b"


def create(body):
    if isinstance(body, str):
        body = body.encode()
    return request("POST", CREATE, body=body)


def privileged(key="HostConfig", member="Privileged", value="true"):
    return '{"Image": "a", "%s": {"%s": %s}}' % (key, member, value)


# Spellings of the one key that the Engine takes for it.
SAME_KEY = {
    "as-it-is": ("HostConfig", "Privileged"),
    "lower": ("hostconfig", "privileged"),
    "upper": ("HOSTCONFIG", "PRIVILEGED"),
    "mixed": ("hOsTcOnFiG", "pRiViLeGeD"),
    "long-s": ("Ho\u017ftConfig", "Privileged"),
    "long-s-escaped": ("Ho\\u017ftConfig", "Privileged"),
    "long-s-escaped-upper": ("HO\\u017FTCONFIG", "PRIVILEGED"),
    "first-letter-escaped": ("\\u0048ostConfig", "\\u0050rivileged"),
    "all-escaped": ("".join(f"\\u{ord(c):04x}" for c in "HostConfig"),
                    "".join(f"\\u{ord(c):04X}" for c in "privileged")),
}

# Keys that only look like it: unknown to the Engine, and so no concern.
OTHER_KEY = {
    "dotless-i": "HostConf\u0131g", "dotted-i": "HostConf\u0130g",
    "full-width": "\uff28ostConfig", "cyrillic-o": "H\u043estConfig",
    "greek-omicron": "H\u03bfstConfig", "sharp-s": "Ho\u00dftConfig",
    "combining": "HostConfi\u0301g", "soft-hyphen": "Host\u00adConfig",
    "zero-width": "HostConfig\u200b", "nul-behind": "HostConfig\\u0000",
    "blank-before": " HostConfig", "blank-behind": "HostConfig ",
    "path": "HostConfig.Privileged", "kelvin-for-c": "Host\u212aonfig",
    "newline-behind": "HostConfig\\n", "slash-escape": "HostConfig\\/",
}

REFUSED = {
    # Duplicates, which the Engine merges.
    "twice": '{"HostConfig": {}, "HostConfig": {}}',
    "twice-null-last": '{"HostConfig": {"Privileged": true}, '
                       '"HostConfig": null}',
    "twice-null-first": '{"HostConfig": null, "HostConfig": {}}',
    "twice-by-case": '{"HostConfig": {}, "hostconfig": {}}',
    "twice-by-long-s": '{"HostConfig": {}, "Ho\u017ftConfig": {}}',
    "twice-by-kelvin": '{"HostConfig": {"NetworkMode": "a", '
                       '"networ\u212amode": "b"}}',
    "twice-by-escape": '{"HostConfig": {}, "Host\\u0043onfig": {}}',
    "twice-in-an-array": '{"HostConfig": {"Mounts": [{"Type": "a", '
                         '"type": "b"}]}}',
    "lists-merged-by-element": '{"HostConfig": {"Mounts": [{"Type": "bind"}],'
                               ' "Mounts": [{}]}}',
    "twice-of-what-is-unknown": '{"x": 1, "X": 2}',
    "twice-in-what-is-unknown": '{"x": {"y": 1, "Y": 2}}',
    "twice-in-a-data-map": '{"Labels": {"a": "1", "a": "2"}}',
    "twice-in-a-data-map-by-escape": '{"Labels": {"a": "1", '
                                     '"\\u0061": "2"}}',
    "twice-behind-a-data-map": '{"NetworkingConfig": {"EndpointsConfig": '
                               '{"net": {"NetworkID": "a", '
                               '"networkid": "b"}}}}',
    "twice-the-empty-key": '{"": 1, "": 2}',
    "data-map-twice": '{"Labels": {}, "labels": {}}',
    "not-a-data-map": '{"HostConfig": {"Config": {"a": 1, "A": 2}}}',
    # Something behind the value, which 20.10 does not see.
    "brace-behind": '{"Image": "a"}}',
    "bracket-behind": '{"Image": "a"}]',
    "value-behind": '{"Image": "a"}' + privileged(),
    "value-behind-a-brace": '{"Image": "a"}}' + privileged(),
    "comma-behind": '{"Image": "a"},',
    "nul-behind": b'{"Image": "a"}\0',
    "form-feed-behind": b'{"Image": "a"}\x0c',
    "comment-behind": '{"Image": "a"} // x',
    # Not JSON to Go either.
    "byte-order-mark": b'\xef\xbb\xbf{"Image": "a"}',
    "utf-16": '{"Image": "a"}'.encode("utf-16-le"),
    "utf-16-with-mark": '{"Image": "a"}'.encode("utf-16"),
    "utf-32": '{"Image": "a"}'.encode("utf-32"),
    "comment": '{"Image": /* */ "a"}',
    "comma-last": '{"Image": "a",}',
    "comma-first": '{,"Image": "a"}',
    "no-colon": '{"Image" "a"}',
    "single-quotes": "{'Image': 'a'}",
    "no-quotes": '{Image: "a"}',
    "nan": '{"CpuShares": NaN}',
    "infinity": '{"CpuShares": -Infinity}',
    "hex-number": '{"CpuShares": 0x10}',
    "leading-zero": '{"CpuShares": 010}',
    "plus": '{"CpuShares": +1}',
    "dot-first": '{"CpuShares": .5}',
    "dot-last": '{"CpuShares": 5.}',
    "no-exponent": '{"CpuShares": 1e}',
    "minus-alone": '{"CpuShares": -}',
    "underscore": '{"CpuShares": 1_0}',
    "true-in-capitals": '{"HostConfig": {"Privileged": TRUE}}',
    "truncated-word": '{"HostConfig": {"Privileged": tru}}',
    "vertical-tab": b'{\x0b"Image": "a"}',
    "no-break-space": '{\u00a0"Image": "a"}',
    "control-byte": b'{"Image": "a\x01"}',
    "raw-tab": b'{"Image": "a\tb"}',
    "raw-line-feed": b'{"Image": "a\nb"}',
    "hex-escape": '{"Image": "\\x41"}',
    "octal-escape": '{"Image": "\\101"}',
    "short-unicode-escape": '{"Image": "\\u41"}',
    "braced-unicode-escape": '{"Image": "\\u{41}"}',
    "single-quote-escape": '{"Image": "\\\'"}',
    "unfinished": '{"HostConfig": {"Privileged": true}',
    "unfinished-string": '{"Image": "a',
    "empty-but-for-blanks": " \r\n\t ",
    # What Go replaces by U+FFFD, and others do not.
    "lone-high-surrogate": '{"Image": "\\ud800"}',
    "lone-low-surrogate": '{"Image": "\\udc00"}',
    "surrogates-turned": '{"Image": "\\udc00\\ud800"}',
    "surrogate-and-letter": '{"Image": "\\ud800\\u0041"}',
    "surrogate-in-a-key": '{"Host\\ud800Config": {}}',
    "latin-1": b'{"Image": "\xe9"}',
    "overlong": b'{"\xc1\x88ostConfig": {}}',
    "cesu": b'{"Image": "\xed\xa0\xbd\xed\xb8\x80"}',
    "beyond-unicode": b'{"Image": "\xf4\x90\x80\x80"}',
    "cut-short": b'{"Image": "\xc3"}',
    # Depth: 64 here, 10,000 in Go.
    "deep-objects": '{"a":' * 64 + "{}" + "}" * 64,
    "deep-arrays": '{"a":' + "[" * 64 + "]" * 64 + "}",
    "deeper-than-go": "[" * 10001,
    # HostConfig's members at the top level.
    "top-privileged": '{"Image": "a", "Privileged": true}',
    "top-privileged-folded": '{"Image": "a", "pRIVILEGED": true}',
    "top-binds": '{"Image": "a", "Binds": ["/:/host"]}',
    "top-beside-hostconfig": '{"Image": "a", "HostConfig": {}, '
                             '"VolumeDriver": "x"}',
    "top-beside-null": '{"Image": "a", "HostConfig": null, "Binds": []}',
    "top-beside-null-behind": '{"Binds": [], "HostConfig": null}',
    "top-long-s": '{"Image": "a", "\u017fecurityOpt": []}',
    "top-kelvin": '{"Image": "a", "Networ\u212aMode": "host"}',
    "top-escaped": '{"Image": "a", "\\u004dounts": []}',
    "top-cpuset": '{"Image": "a", "Cpuset": "0"}',
    "top-false": '{"Image": "a", "Privileged": false}',
}

# Read alike by everyone: they pass, byte for byte.
SERVED = {
    "false": privileged(value="false"),
    "null": privileged(value="null"),
    "text-is-not-true": privileged(value='"true"'),
    "one-is-not-true": privileged(value="1"),
    "list-for-an-object": '{"HostConfig": [{"Privileged": true}]}',
    "deeper-than-meant": '{"x": {"HostConfig": {"Privileged": true}}}',
    "in-a-data-map": '{"Labels": {"HostConfig": "x", "hostconfig": "y"}}',
    "data-maps-have-case": '{"HostConfig": {"Sysctls": {"a": "1", "A": "2"},'
                           ' "LogConfig": {"Config": {"b": "", "B": ""}}}}',
    "data-map-by-another-case": '{"LABELS": {"a": "1", "A": "2"}}',
    "beyond-64-bits": '{"x": 18446744073709551616, "y": -9223372036854775809}',
    "huge-exponent": '{"x": 1e999999, "y": 1E-999999}',
    "five-thousand-digits": '{"x": ' + "9" * 5000 + "}",
    "minus-zero": '{"x": -0, "y": -0.0e+00}',
    "escapes": '{"Image": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f"}',
    "pair": '{"Image": "\\ud83d\\ude00 \U0001f600 \uffff"}',
    "del": b'{"Image": "\x7f"}',
    "line-separators": '{"Image": "\u2028\u2029"}',
    "deep-enough": '{"a":' * 63 + "{}" + "}" * 63,
    "empty-object": "{}",
    "null-alone": "null",
    "array-alone": "[]",
    "string-alone": '"HostConfig"',
    "top-null": '{"Image": "a", "Binds": null, "Privileged": null}',
    "hostconfig-null": '{"Image": "a", "HostConfig": null}',
    "blanks-around": ' \t\r\n{ "Image"\n:\r"a"\t}\r\n \t',
    "commands-as-texts": '{"Cmd": "sleep 1", "Entrypoint": "sh"}',
    "long-string": '{"Image": "' + "x" * 70000 + '"}',
}


def rows():
    for what, (key, member) in SAME_KEY.items():
        body = privileged(key, member)
        yield Row("key", what, create(body), 403)
        yield Row("key", f"{what}-chunked", request(
            "POST", CREATE, "Transfer-Encoding: chunked")
            + chunked(*(body.encode()[i:i + 3]
                        for i in range(0, len(body.encode()), 3))), 403)
    for what, key in OTHER_KEY.items():
        yield same("other-key", what, create(privileged(key)))
    for what, body in REFUSED.items():
        yield refused("json", f"no-{what}", create(body))
    for what, body in SERVED.items():
        yield same("json", what, create(body))
    for kind in ("text/plain", "application/x-tar", "application/json;",
                 "APPLICATION/JSON; charset=utf-8", "x/y; a=\"b"):
        body = privileged().encode()
        yield Row("content-type", f"judged-{kind}", request(
            "POST", CREATE, f"Content-Type: {kind}", body=body), 403)
    for kind in ("application", "application/", "/json", "a b/json",
                 "application/json, text/plain", "application\\json"):
        yield refused("content-type", f"no-{kind}", request(
            "POST", CREATE, f"Content-Type: {kind}", body=b"{}"))
    yield same("content-type", "empty", request(
        "POST", CREATE, "Content-Type: ", body=b"{}"))

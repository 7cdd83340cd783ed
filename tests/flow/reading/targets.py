"""Targets and methods: what the Engine's router would make of them."""

from reading import Row, becomes, get, head, post, refused, same
from wire import request

# The path as it is asked for, and as the Engine is asked.
PATHS = [
    # One decoding; what was escaped without need is written plainly.
    ("decoded-once", "all-escaped",
     "/%63%6F%6e%74%61%69%6e%65%72%73/%6a%73%6f%6e", "/containers/json"),
    ("decoded-once", "version", "/%76%31%2e%34%31/info", "/v1.41/info"),
    ("decoded-once", "slash-behind-version", "/v1.41%2finfo",
     "/v1.41/info"),
    ("decoded-once", "slashes", "/containers%2Fa%2Fjson",
     "/containers/a/json"),
    ("decoded-once", "only-once", "/containers/%2577eb/json",
     "/containers/%2577eb/json"),
    ("decoded-once", "escaped-percent", "/containers/%25/json",
     "/containers/%25/json"),
    ("decoded-once", "escaped-slash-twice", "/containers/a%252fb/json",
     "/containers/a%252fb/json"),
    # Part of the path, and so another path than the one without it: 404.
    ("part-of-the-path", "trailing-slash", "/containers/json/",
     "/containers/json/"),
    ("part-of-the-path", "semicolon", "/containers/json;x",
     "/containers/json;x"),
    ("part-of-the-path", "blank", "/containers/json%20",
     "/containers/json%20"),
    ("part-of-the-path", "question-mark", "/containers/json%3Fall=1",
     "/containers/json%3Fall=1"),
    ("part-of-the-path", "hash", "/containers/json%23f",
     "/containers/json%23f"),
    ("part-of-the-path", "upper-case", "/CONTAINERS/JSON",
     "/CONTAINERS/JSON"),
    ("part-of-the-path", "plus", "/images/a+b/json", "/images/a+b/json"),
    # What only resembles a version is the first segment of a path.
    ("no-version", "letter", "/v1.41a/info", "/v1.41a/info"),
    ("no-version", "comma", "/v1,41/info", "/v1,41/info"),
    ("no-version", "twice", "/v1.41/v1.41/info", "/v1.41/v1.41/info"),
    ("no-version", "old-behind", "/v1.41/v1.12/info", "/v1.41/v1.12/info"),
    ("no-version", "alone", "/v", "/v"),
    ("no-version", "full-width", "/v1%EF%BC%8E41/info",
     "/v1%EF%BC%8E41/info"),
    ("version", "none", "/info", "/info"),
    ("version", "lowest", "/v1.24/info", "/v1.24/info"),
    ("version", "unheard-of", "/v65535.65535/info", "/v65535.65535/info"),
    ("version", "ten-is-above-nine", "/v1.100/info", "/v1.100/info"),
    # Names span slashes: links of old make a container's alias of two.
    ("names", "image", "/images/docker.io/library/bb/json",
     "/images/docker.io/library/bb/json"),
    ("names", "image-escaped", "/images/docker.io%2Flibrary%2Fbb/json",
     "/images/docker.io/library/bb/json"),
    ("names", "link-alias", "/containers/P/db/archive?path=/",
     "/containers/P/db/archive?path=/"),
    ("names", "create", "/containers/create/json", "/containers/create/json"),
    ("names", "not-a-suffix", "/images/get?names=bb",
     "/images/get?names=bb"),
    ("names", "plugin-privileges", "/plugins/privileges?remote=a",
     "/plugins/privileges?remote=a"),
    ("names", "debug", "/debug/pprof/cmdline", "/debug/pprof/cmdline"),
    ("names", "network", "/networks/a/b", "/networks/a/b"),
    # The authority is for the client alone.
    ("absolute", "plain", "http://docker/info", "/info"),
    ("absolute", "case", "hTTp://DOCKER/info", "/info"),
    ("absolute", "escaped", "http://docker/%69nfo?a=%41", "/info?a=A"),
    ("absolute", "versioned", "http://docker/v1.41/info", "/v1.41/info"),
    ("absolute", "root", "http://docker/", "/"),
]

REFUSED_PATHS = [
    ("unclean", "escaped-slash-first", "/%2Finfo"),
    ("unclean", "dot-behind-version", "/v1.41/./info"),
    ("unclean", "dots-over-version", "/v1.41/../info"),
    ("unclean", "dots-half-escaped", "/containers/.%2E/info"),
    ("unclean", "dots-and-slash-escaped", "/containers%2f%2e%2e%2finfo"),
    ("unclean", "slash-behind-version", "/v1.41//info"),
    ("unclean", "escaped-slash-behind-version", "/v1.41/%2Finfo"),
    ("unclean", "two-slashes-at-the-end", "/info//"),
    ("unclean", "dot-at-the-end", "/info/."),
    ("bytes", "escaped-nul", "/info%00"),
    ("bytes", "escaped-line-feed", "/info%0a"),
    ("bytes", "escaped-crlf-and-field", "/info%20HTTP/1.1%0d%0aX:%20y"),
    ("bytes", "escaped-tab", "/info%09"),
    ("bytes", "raw-utf-8", "/images/\xc3\xa9/json"),
    ("bytes", "raw-latin-1", "/images/\xe9/json"),
    ("bytes", "raw-del", "/info\x7f"),
    ("bytes", "overlong", "/containers%c0%afjson"),
    ("bytes", "surrogate", "/%ed%a0%80"),
    ("bytes", "beyond-unicode", "/%f4%90%80%80"),
    ("bytes", "fragment", "/info#f"),
    ("bytes", "blank", "/info x"),
    ("version-form", "three-parts", "/v1.41.0/info"),
    ("version-form", "three-parts-escaped", "/v1.41%2e0/info"),
    ("version-form", "upper-case", "/V1.41/info"),
    ("version-form", "leading-zero", "/v01.41/info"),
    ("version-form", "leading-zero-behind", "/v1.041/info"),
    ("version-form", "one-part", "/v1/info"),
    ("version-form", "dot-only", "/v./info"),
    ("version-form", "alone", "/v1.41"),
    ("version-form", "beyond-16-bits", "/v1.65536/info"),
    ("version-old", "1.23", "/v1.23/info"),
    ("version-old", "1.9", "/v1.9/info"),
    ("version-old", "0", "/v0.99/info"),
    ("forms", "no-slash", "info"),
    ("forms", "authority", "docker:2375"),
    ("forms", "network-path", "//docker/info"),
    ("forms", "no-authority", "http:///info"),
    ("forms", "no-slashes", "http:info"),
    ("forms", "no-path", "http://docker"),
    ("forms", "query-for-a-path", "http://docker?a"),
    ("forms", "other-scheme", "foo://docker/info"),
    ("forms", "https", "https://docker/info"),
    ("forms", "user", "http://u:p@docker/info"),
    ("forms", "other-host", "http://evil/info"),
    ("forms", "other-port", "http://docker:80/info"),
    ("forms", "escaped-authority", "http://d%6fcker/info"),
    ("forms", "unclean-behind-authority", "http://docker//info"),
    ("forms", "dots-behind-authority", "http://docker/../info"),
    ("forms", "asterisk", "*"),
    ("forms", "escaped-slash", "%2Finfo"),
]


def method_rows():
    def plain(method, what=None):
        return same("methods", what or method.lower(),
                    request(method, "/containers/a"))
    yield from map(plain, ["GET", "DELETE", "PATCH", "OPTIONS"])
    yield same("methods", "head", request("HEAD", "/_ping"))
    yield same("methods", "put",
               request("PUT", "/containers/a/archive?path=/", body=b"tar"))
    yield same("methods", "options-with-a-body",
               request("OPTIONS", "/containers/a", body=b"{}"))
    for name in ("get", "Post", "POSTS", "PROPFIND", "PURGE", "M-SEARCH",
                 "CONNECT", "PRI"):
        yield refused("methods", f"no-{name}",
                      request(name, "/containers/json"))
    yield refused("methods", "no-connect-with-authority",
                  request("CONNECT", "docker:2375"))
    yield refused("methods", "options-asterisk", request("OPTIONS", "*"))
    yield refused("methods", "trace", request("TRACE", "/info"), 501)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method",
                 "X-Method-Override"):
        # The Engine takes no notice, and so nobody is to believe in it.
        yield same("methods", f"{name.lower()}-means-nothing",
                   request("GET", "/containers/a/json", f"{name}: DELETE"))
        yield Row("methods", f"{name.lower()}-hides-nothing",
                  request("POST", "/containers/a/kill", f"{name}: GET"), 403)
    yield same("methods", "_method-means-nothing",
               get("/containers/a/json?_method=DELETE"))


# The rules of the module: /secrets and /containers/{}/kill are denied.
DENIED = [
    "/secrets", "/%73ecrets", "/v1.41/secrets", "/v1.41%2fsecrets",
    "/secrets/", "/secrets/create", "/secrets%2Fcreate", "/secrets%3Fx",
    "/secrets;x", "/%73%65%63%72%65%74%73", "http://docker/secrets",
    "http://docker/v1.99/%73ecrets",
]


def rows():
    for proves, what, asked, reached in PATHS:
        yield becomes(proves, what, get(asked), get(reached))
    for proves, what, asked in REFUSED_PATHS:
        for method in ("GET", "POST"):
            yield refused(proves, f"{what}-{method.lower()}",
                          request(method, asked))
    for asked in DENIED:
        yield Row("judged", asked, get(asked), 403)
    for asked in ("/containers/a/kill", "/containers/a%2Fkill",
                  "/containers/%61/%6b%69%6c%6c", "/v1.41/containers/a/kill"):
        yield Row("judged", asked, post(asked), 403)
    yield refused("forms", "empty", head("GET  HTTP/1.1", "Host: docker"))
    yield from method_rows()

/* Every operator on every field: what holds, what does not, what is absent,
 * what is of another type, what `*` reaches; each also with not_, which is
 * exactly the opposite. Through the compiler and the VM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/diff/language_run.h"

#define CASES       8

/* A case is the field as a request has it:
 *   query    its text
 *   header   values of x-a, separated by |
 *   body     its text
 *   peer     uid and gid alike
 *   time     day and minute
 */
#define ENV(list)   "{\"Env\":[\"" list "\"]}"
#define BINDS(list) "{\"HostConfig\":{\"Binds\":[\"" list "\"]}}"

struct row {
	const char *field, *op, *value; /* as the policy has them */
	bool nocase;
	const char *holds[CASES];
	const char *fails[CASES];
	const char *wrong[CASES]; /* fails: another type */
};

static const struct row rows[] = {
	{"path", "equals", "/a/b", 0, {"/a/b"}, {"/a/B", "/a", "/a/b/"}, {0}},
	{"path", "equals", "/a/b", 1, {"/a/b", "/A/b"}, {"/a/c"}, {0}},
	{"path", "contains", "/b", 0, {"/a/b", "/b"}, {"/a/B", "/ab"}, {0}},
	{"path", "starts_with", "/a/", 0, {"/a/b", "/a/"}, {"/a", "/b/a/"},
		{0}},
	{"path", "ends_with", "/json", 0, {"/json", "/a/json"},
		{"/json/", "/a/JSON"}, {0}},
	{"path", "matches", "^/a/[^/]+$", 0, {"/a/b"}, {"/a/", "/a/b/c"}, {0}},
	{"path", "in", "[/a, /b]", 0, {"/a", "/b"}, {"/", "/c", "/A"}, {0}},
	{"path", "in", "[]", 0, {0}, {"/", "/a"}, {0}},

	{"path", "under", "[/a, /c/d]", 0, {"/a", "/a/b", "/a/", "/c/d/e"},
		{"/ab", "/", "/c", "/b/a", "/A"}, {0}},
	{"path", "under", "/", 0, {"/", "/a"}, {0}, {0}},
	{"path", "under", "/a", 1, {"/A/b", "/a"}, {"/ab"}, {0}},

	{"method", "equals", "post", 0, {"POST"}, {"PUT", "GET"}, {0}},
	{"method", "contains", "os", 0, {"POST"}, {"GET"}, {0}},
	{"method", "starts_with", "P", 0, {"POST", "PUT", "PATCH"}, {"GET"},
		{0}},
	{"method", "ends_with", "t", 0, {"POST", "GET"}, {"HEAD"}, {0}},
	{"method", "matches", "^(get|head)$", 0, {"GET", "HEAD"}, {"POST"},
		{0}},
	{"method", "in", "[GET, head]", 0, {"GET", "HEAD"}, {"POST"}, {0}},

	{"api_version", "equals", "'1.43'", 0, {"1.43"}, {"1.44", "-"}, {0}},
	{"api_version", "equals", "''", 0, {"-"}, {"1.43"}, {0}},
	{"api_version", "contains", "'.4'", 0, {"1.43"}, {"1.24", "-"}, {0}},
	{"api_version", "starts_with", "'1.4'", 0, {"1.43"}, {"1.24", "-"},
		{0}},
	{"api_version", "ends_with", "'4'", 0, {"1.44", "1.24"}, {"1.43", "-"},
		{0}},
	{"api_version", "matches", "'^1\\.4'", 0, {"1.43"}, {"1.24", "-"}, {0}},
	{"api_version", "in", "['1.24', '']", 0, {"1.24", "-"}, {"1.43"}, {0}},

	{"query.q", "equals", "'1'", 0, {"q=1", "a=2&q=1", "q=%31"},
		{"q=2", "q=", "Q=1", "q=01", "q=1.0"}, {0}},
	{"query.t", "equals", "a", 0, {"t=a", "t=b&t=a"}, {"t=b&t=c", "t="},
		{0}},
	{"query.q", "contains", "b", 0, {"q=abc"}, {"q=aBc", "q="}, {0}},
	{"query.q", "contains", "b", 1, {"q=abc", "q=aBc"}, {"q=ac"}, {0}},
	{"query.t", "contains", "b", 0, {"t=x&t=abc"}, {"t=x&t=y"}, {0}},
	{"query.q", "starts_with", "a", 0, {"q=abc"}, {"q=ba", "q="}, {0}},
	{"query.t", "starts_with", "a", 0, {"t=b&t=a"}, {"t=b&t=ba"}, {0}},
	{"query.q", "ends_with", "c", 0, {"q=abc"}, {"q=ca", "q="}, {0}},
	{"query.t", "ends_with", "c", 0, {"t=bc&t=a"}, {"t=b&t=ca"}, {0}},
	{"query.q", "matches", "^a.c$", 0, {"q=abc"}, {"q=ac", "q=abcd"}, {0}},
	{"query.t", "matches", "^a.c$", 0, {"t=&t=abc"}, {"t=ac&t=a"}, {0}},
	{"query.q", "in", "[a, b]", 0, {"q=a", "q=b"}, {"q=c", "q="}, {0}},
	{"query.t", "in", "[a, b]", 0, {"t=c&t=b"}, {"t=c&t=d"}, {0}},
	{"query.q", "only_in", "[a, b]", 0, {"q=a", "q=b"}, {"q=c", "q="}, {0}},
	{"query.t", "only_in", "[a, b]", 0, {"t=a&t=b", "t=a&t=a"},
		{"t=a&t=c", "t="}, {0}},
	{"query.q", "under", "/tmp", 0,
		{"q=/tmp", "q=/tmp/x", "q=tmp/x", "q=/tmp/../tmp/y", "q=//tmp"},
		{"q=/tmp/../etc", "q=/tmpfoo", "q=", "q=/tmp/%2e%2e"}, {0}},
	{"query.t", "under", "[/a, /b]", 0, {"t=/c&t=/b/x"}, {"t=/c&t=/ab"},
		{0}},
	{"query.q", "only_under", "/tmp", 0, {"q=/tmp/x"}, {"q=/tmp/../etc"},
		{0}},
	{"query.t", "only_under", "[/a, /b]", 0, {"t=/a&t=/b/c"}, {"t=/a&t=/c"},
		{0}},
	{"query.q", "exists", NULL, 0, {"q=1", "q=", "q", "t=1&q"},
		{"Q=1", "qq=1"}, {0}},
	{"query.t", "exists", NULL, 0, {"t=&t="}, {"x=t"}, {0}},
	{"query.q", "empty", NULL, 0, {"q=", "q", "Q=1"},
		{"q=0", "q=1", "q=false"}, {0}},
	{"query.t", "empty", NULL, 0, {"t=a&t="}, {"t=a&t=b"}, {0}},
	{"query.q", "greater_than", "5", 0, {"q=6", "q=5.1", "q=1e3"},
		{"q=5", "q=-6", "q=5.0"},
		{"q=x", "q=", "q=0x10", "q=%2B6", "q=06", "q=6%20"}},
	{"query.t", "greater_than", "5", 0, {"t=1&t=6"}, {"t=1&t=2"},
		{"t=x&t=y"}},
	{"query.q", "less_than", "-1", 0, {"q=-2", "q=-1.5"},
		{"q=-1", "q=0", "q=1"}, {"q=x", "q="}},
	{"query.t", "less_than", "5", 0, {"t=x&t=4"}, {"t=5&t=6"}, {"t="}},

	{"header.X-a", "equals", "v", 0, {"v"}, {"V", "", "v|v", "w"}, {0}},
	{"header.x-A", "equals", "'v, w'", 0, {"v|w"}, {"v", "w|v"}, {0}},
	{"header.x-a", "contains", "b", 0, {"abc", "a|b"}, {"aBc", ""}, {0}},
	{"header.x-a", "contains", "'a, b'", 1, {"A|B"}, {"ab"}, {0}},
	{"header.x-a", "starts_with", "a", 0, {"ab", "a|b"}, {"b|a", ""}, {0}},
	{"header.x-a", "ends_with", "b", 0, {"ab", "a|b"}, {"b|a", ""}, {0}},
	{"header.x-a", "matches", "^a, b$", 0, {"a|b"}, {"a", "b"}, {0}},
	{"header.x-a", "in", "[a, b]", 0, {"a", "b"}, {"a|b", ""}, {0}},
	{"header.x-a", "under", "/a", 0, {"/a", "/a/b", "a/../a"},
		{"/ab", "/a/..", "", "/x|/a"}, {0}},
	{"header.x-a", "exists", NULL, 0, {"a", ""}, {"-"}, {0}},
	{"header.x-a", "empty", NULL, 0, {"", "-"}, {"a", "|"}, {0}},

	{"body.A", "equals", "x", 0, {"{\"A\":\"x\"}", "{\"a\":\"\\u0078\"}"},
		{"{\"A\":\"X\"}", "{\"B\":\"x\"}"},
		{"{\"A\":[\"x\"]}", "{\"A\":{\"x\":\"x\"}}", "{\"A\":1}"}},
	{"body.A", "equals", "x", 1, {"{\"A\":\"X\"}"}, {"{\"A\":\"y\"}"},
		{"{\"A\":[\"x\"]}"}},
	{"body.A", "equals", "true", 0, {"{\"A\":true}"}, {"{\"A\":false}"},
		{"{\"A\":\"true\"}", "{\"A\":1}", "{\"A\":[true]}"}},
	{"body.A", "equals", "'true'", 0, {"{\"A\":\"true\"}"},
		{"{\"A\":\"false\"}"}, {"{\"A\":true}"}},
	{"body.A", "equals", "1", 0,
		{"{\"A\":1}", "{\"A\":1.0}", "{\"A\":10e-1}"},
		{"{\"A\":2}", "{\"A\":-1}"}, {"{\"A\":\"1\"}", "{\"A\":true}"}},
	{"body.A", "equals", "'1'", 0, {"{\"A\":\"1\"}"}, {"{\"A\":\"1.0\"}"},
		{"{\"A\":1}"}},
	{"body.A.B.0", "equals", "x", 0,
		{"{\"a\":{\"b\":[\"x\"]}}", "{\"a\":{\"b\":\"x\"}}",
			"{\"a\":{\"b\":{\"0\":\"x\"}}}"},
		{"{\"a\":{\"b\":[\"y\",\"x\"]}}", "{\"b\":[\"x\"]}"},
		{"{\"a\":{\"b\":[[\"x\"]]}}"}},
	{"body.A.*", "equals", "x", 0,
		{"{\"A\":[1,\"x\"]}", "{\"A\":{\"k\":\"x\"}}", "{\"A\":\"x\"}"},
		{"{\"A\":[\"y\",null]}", "{\"A\":[[\"x\"]]}"},
		{"{\"A\":[1,true,{}]}"}},
	{"body.A.*.B", "equals", "1", 0,
		{"{\"A\":[{},{\"B\":1}]}", "{\"A\":{\"x\":{\"b\":1}}}"},
		{"{\"A\":[{\"B\":2},{\"C\":1}]}"}, {"{\"A\":[1,\"1\"]}"}},
	{"body.Labels.a\\.b", "equals", "x", 0,
		{"{\"labels\":{\"a.b\":\"x\"}}"},
		{"{\"Labels\":{\"A.B\":\"x\"}}",
			"{\"Labels\":{\"a\":{\"b\":\"x\"}}}"},
		{"{\"Labels\":{\"a.b\":1}}"}},
	{"body.HostConfig", "equals", "1", 0,
		{"{\"ho\u017ftconfig\":1}", "{\"HO\\u017fTCONFIG\":1}"},
		{"{\"HostConfi\":1}"}, {"{\"HostConfig\":{}}"}},
	{"body.A", "contains", "b", 0,
		{"{\"A\":\"abc\"}", "{\"A\":[\"b\"]}", "{\"A\":{\"b\":1}}"},
		{"{\"A\":\"aBc\"}", "{\"A\":[\"c\"]}"}, {"{\"A\":12}"}},
	{"body.A", "contains", "'[1,{\"b\":\"\\\"\"}]'", 0,
		{"{\"A\":[ 1 , {\"b\" : \"\\u0022\"} ]}"}, {"{\"A\":[1]}"},
		{0}},
	{"body.A", "contains", "1", 0, {"{\"A\":212}", "{\"A\":\"1\"}"},
		{"{\"A\":22}"}, {"{\"A\":true}"}},
	{"body.A.*", "contains", "b", 0, {"{\"A\":[1,\"abc\"]}"},
		{"{\"A\":[1,\"c\"]}"}, {"{\"A\":[1,[]]}"}},
	{"body.A", "starts_with", "/etc", 0, {"{\"A\":\"/etc/x\"}"},
		{"{\"A\":\"x/etc\"}"}, {"{\"A\":[\"/etc\"]}"}},
	{"body.A.*", "starts_with", "/etc", 0, {"{\"A\":[\"/\",\"/etc\"]}"},
		{"{\"A\":[\"/\"]}"}, {"{\"A\":[[\"/etc\"]]}"}},
	{"body.A", "ends_with", "x", 0, {"{\"A\":\"ax\"}"}, {"{\"A\":\"xa\"}"},
		{"{\"A\":[\"x\"]}"}},
	{"body.A.*", "ends_with", "x", 0, {"{\"A\":{\"k\":\"ax\"}}"},
		{"{\"A\":{\"x\":\"a\"}}"}, {"{\"A\":[[\"x\"]]}"}},
	{"body.A", "matches", "^(true|12|x)$", 0,
		{"{\"A\":\"x\"}", "{\"A\":true}", "{\"A\":12}"},
		{"{\"A\":\"xx\"}", "{\"A\":\"x\\n\"}"}, {"{\"A\":[\"x\"]}"}},
	{"body.A.*", "matches", "^x$", 0, {"{\"A\":[\"y\",\"x\"]}"},
		{"{\"A\":[\"y\"]}"}, {"{\"A\":[[\"x\"]]}"}},
	{"body.A", "in", "[x, 1, true]", 0,
		{"{\"A\":\"x\"}", "{\"A\":1e0}", "{\"A\":true}"},
		{"{\"A\":\"y\"}", "{\"A\":2}", "{\"A\":false}"},
		{"{\"A\":\"1\"}", "{\"A\":\"true\"}", "{\"A\":[\"x\"]}"}},
	{"body.A.*", "in", "[x, 1]", 0, {"{\"A\":[0,1]}"}, {"{\"A\":[0]}"},
		{"{\"A\":[\"1\",[1]]}"}},
	{"body.A", "only_in", "[x, 1]", 0, {"{\"A\":\"x\"}", "{\"A\":1.0}"},
		{"{\"A\":\"y\"}", "{\"A\":2}"},
		{"{\"A\":[\"x\"]}", "{\"A\":\"1\"}"}},
	{"body.A.*", "only_in", "[x, 1]", 0,
		{"{\"A\":[\"x\",1,\"x\"]}", "{\"A\":[\"x\",null]}",
			"{\"A\":\"x\"}"},
		{"{\"A\":[\"x\",\"y\"]}", "{\"A\":[0,1]}"},
		{"{\"A\":[[\"x\"]]}"}},
	{"body.A", "under", "/srv", 0, {"{\"A\":\"/srv/x\"}"},
		{"{\"A\":\"/srv/../etc\"}"}, {"{\"A\":[\"/srv\"]}"}},
	{"body.A.*", "under", "/srv", 0, {"{\"A\":[\"/x\",\"/srv/x\"]}"},
		{"{\"A\":[\"/srvx\"]}"}, {"{\"A\":[1]}"}},
	{"body.A", "only_under", "[/srv]", 0, {"{\"A\":\"/srv/x\"}"},
		{"{\"A\":\"/srv/../etc\"}"}, {"{\"A\":1}"}},
	{"body.A.*.B", "only_under", "[/srv]", 0,
		{"{\"A\":[{\"b\":\"/srv/x\"},{\"B\":\"/srv\"},{}]}"},
		{"{\"A\":[{\"b\":\"/srv/x\"},{\"B\":\"/etc\"}]}"},
		{"{\"A\":[{\"b\":\"/srv/x\"},{\"B\":{}}]}"}},
	{"body.A", "exists", NULL, 0,
		{"{\"A\":0}", "{\"A\":\"\"}", "{\"a\":[]}", "{\"A\":false}"},
		{"{\"B\":1}"}, {"{\"A\":null}"}},
	{"body.A.*", "exists", NULL, 0,
		{"{\"A\":[null,0]}", "{\"A\":{\"k\":{}}}", "{\"A\":\"\"}"},
		{"{\"A\":[null]}"}, {"{\"A\":1}"}},
	{"body.A", "empty", NULL, 0,
		{"{\"A\":\"\"}", "{\"A\":[]}", "{\"A\":{}}", "{\"A\":0}",
			"{\"A\":-0.0e5}", "{\"A\":false}", "{\"A\":null}"},
		{"{\"A\":\" \"}", "{\"A\":[null]}", "{\"A\":true}",
			"{\"A\":0.1}", "{\"A\":{\"k\":null}}", "{\"A\":\"0\"}"},
		{0}},
	{"body.A.*", "empty", NULL, 0,
		{"{\"A\":[1,\"\"]}", "{\"A\":[1,null]}", "{\"A\":[]}"},
		{"{\"A\":[1,\"x\"]}", "{\"A\":{\"k\":1}}"}, {0}},
	{"body.A", "greater_than", "18446744073709551615", 0,
		{"{\"A\":18446744073709551616}", "{\"A\":1e30}"},
		{"{\"A\":18446744073709551615}", "{\"A\":1}"},
		{"{\"A\":\"18446744073709551616\"}", "{\"A\":[1e30]}",
			"{\"A\":true}"}},
	{"body.A.*", "greater_than", "5", 0, {"{\"A\":[1,6]}"},
		{"{\"A\":[1,5]}"}, {"{\"A\":[\"6\",[6]]}"}},
	{"body.A", "less_than", "1", 0, {"{\"A\":0}", "{\"A\":-5}"},
		{"{\"A\":1}", "{\"A\":1.5}"},
		{"{\"A\":\"0\"}", "{\"A\":false}"}},
	{"body.A.*", "less_than", "5", 0, {"{\"A\":[9,4]}"}, {"{\"A\":[9,5]}"},
		{"{\"A\":[\"4\"]}"}},

	/* docker.* fields are read alike: of these two, bodies. */
	{"docker.env", "equals", "A=1", 0, {ENV("A=1"), ENV("B\",\"A=1")},
		{ENV("a=1")}, {0}},
	{"docker.env", "equals", "A=1", 1, {ENV("a=1")}, {ENV("a=2")}, {0}},
	{"docker.env", "contains", "P", 0, {ENV("APB")}, {ENV("x")}, {0}},
	{"docker.env", "starts_with", "A=", 0, {ENV("x\",\"A=2")},
		{ENV("BA=2")}, {0}},
	{"docker.env", "ends_with", "x", 0, {ENV("ax")}, {ENV("xa")}, {0}},
	{"docker.env", "matches", "^A=", 0, {ENV("A=")}, {ENV("B")}, {0}},
	{"docker.env", "in", "[A, B]", 0, {ENV("C\",\"B")}, {ENV("C")}, {0}},
	{"docker.env", "only_in", "[A, B]", 0, {ENV("A\",\"B")},
		{ENV("A\",\"C")}, {0}},
	{"docker.env", "exists", NULL, 0, {ENV("A")},
		{"{\"Env\":[]}", "{\"Env\":null}", ENV("")}, {0}},
	{"docker.env", "empty", NULL, 0, {"{\"Env\":[]}"}, {ENV("A")}, {0}},
	{"docker.env", "greater_than", "5", 0, {ENV("6")}, {ENV("5")},
		{ENV("A=6")}},
	{"docker.env", "less_than", "5", 0, {ENV("4")}, {ENV("5")}, {0}},
	{"docker.host_paths", "under", "[/srv]", 0,
		{BINDS("/srv:/a"), BINDS("/srv/x:/a:ro"),
			BINDS("/etc:/a\",\"/srv/x:/a"), BINDS("/srv:/a:ro")},
		{BINDS("/srvx:/a"), BINDS("/srv/../etc:/a"), BINDS("/:/a")},
		{0}},
	{"docker.host_paths", "under", "'/srv:ro'", 0,
		{BINDS("/srv:/a:ro"), BINDS("/srv/x:/a:ro")},
		{BINDS("/srv:/a"), BINDS("/srv/x:/a"), BINDS("/etc:/a:ro")},
		{0}},
	{"docker.host_paths", "only_under", "[/srv, '/etc:ro']", 0,
		{BINDS("/srv/a:/a\",\"/etc/x:/b:ro"), BINDS("data:/a")},
		{BINDS("/srv/a:/a\",\"/etc/x:/b"), BINDS("/:/a:ro")}, {0}},

	{"client_ip", "equals", "10.0.0.1", 0, {"10.0.0.1", "::ffff:10.0.0.1"},
		{"10.0.0.2", "::1"}, {0}},
	{"client_ip", "in", "[10.0.0.0/8, 'fd00::/8', '::1']", 0,
		{"10.255.0.1", "fd12::1", "::1"},
		{"11.0.0.1", "fe80::1", "::2", "0.0.0.1"}, {0}},
	{"client_ip", "in", "['::/0']", 0, {"::1", "fd00::1"}, {"10.0.0.1"},
		{0}},
	{"client_ip", "contains", "0.0", 0, {"10.0.0.1"}, {"10.1.0.1"}, {0}},
	{"client_ip", "starts_with", "10.", 0, {"10.0.0.1", "::ffff:10.0.0.1"},
		{"110.0.0.1"}, {0}},
	{"client_ip", "ends_with", "'::1'", 0, {"::1", "fd00:0::0:1"}, {"::11"},
		{0}},
	{"client_ip", "matches", "'^10\\.'", 0, {"10.1.1.1"}, {"100.1.1.1"},
		{0}},

	{"role", "equals", "ops", 0, {"ops"}, {"Ops", "op", ""}, {0}},
	{"role", "equals", "''", 0, {""}, {"ops"}, {0}},
	{"role", "contains", "p", 0, {"ops"}, {"dev", ""}, {0}},
	{"role", "starts_with", "op", 0, {"ops"}, {"dops", ""}, {0}},
	{"role", "ends_with", "ps", 0, {"ops"}, {"opsd", ""}, {0}},
	{"role", "matches", "^(ops|dev)$", 0, {"ops", "dev"}, {"devops", ""},
		{0}},
	{"role", "in", "[ops, dev]", 0, {"ops", "dev"}, {"OPS", ""}, {0}},

	{"identity", "equals", "ci", 0, {"ci"}, {"CI", ""}, {0}},
	{"identity", "equals", "ci", 1, {"ci", "CI"}, {"c", ""}, {0}},
	{"identity", "contains", "i", 0, {"ci"}, {"c", ""}, {0}},
	{"identity", "starts_with", "ci-", 0, {"ci-1"}, {"ci", ""}, {0}},
	{"identity", "ends_with", "'-1'", 0, {"ci-1"}, {"ci-11", ""}, {0}},
	{"identity", "matches", "'^ci-\\d+$'", 0, {"ci-1"}, {"ci-", ""}, {0}},
	{"identity", "in", "[a, b]", 0, {"a", "b"}, {"ab", ""}, {0}},

	{"listener", "equals", "net", 0, {"net"}, {"default"}, {0}},
	{"listener", "contains", "e", 0, {"net", "default"}, {"local"}, {0}},
	{"listener", "starts_with", "n", 0, {"net"}, {"local"}, {0}},
	{"listener", "ends_with", "t", 0, {"net", "default"}, {"local"}, {0}},
	{"listener", "matches", "^n", 0, {"net"}, {"local"}, {0}},
	{"listener", "in", "[net, x]", 0, {"net"}, {"local"}, {0}},

	{"peer.uid", "equals", "0", 0, {"0"}, {"1", "1000"}, {0}},
	{"peer.uid", "in", "[0, 1000]", 0, {"0", "1000"}, {"1"}, {0}},
	{"peer.uid", "greater_than", "999", 0, {"1000"}, {"999", "0"}, {0}},
	{"peer.uid", "less_than", "1000", 0, {"999", "0"}, {"1000"}, {0}},
	{"peer.gid", "equals", "5", 0, {"5"}, {"50"}, {0}},
	{"peer.gid", "in", "[5]", 0, {"5"}, {"0"}, {0}},
	{"peer.gid", "greater_than", "4.5", 0, {"5"}, {"4"}, {0}},
	{"peer.gid", "less_than", "4294967295", 0, {"4294967294"},
		{"4294967295"}, {0}},

	{"time", "in", "['Mon-Fri 08:00-18:00']", 0, {"1 480", "5 1079"},
		{"1 479", "5 1080", "6 500", "0 500"}, {0}},
	{"time", "in", "['Fri 22:00-06:00', Sun]", 0,
		{"5 1320", "6 359", "0 0", "0 1439"},
		{"5 100", "6 360", "6 1400", "1 0"}, {0}},
};

/* What a request has of that field when it has none of it; none: always. */
static const char *const absences[][CASES] = {
	[FIELD_QUERY] = {"-", "Q=1&T=1"},
	[FIELD_HEADER] = {"-"},
	[FIELD_BODY] = {"", "{}", "null", "[]", "7", "\"x\"", "{\"A\":null}"},
	[FIELD_CLIENT_IP] = {"-"},
	[FIELD_PEER_UID] = {"-"},
	[FIELD_PEER_GID] = {"-"},
	[FIELD_DOCKER_ENV] = {"{}", "", "{\"HostConfig\":{\"Env\":[\"A\"]}}"},
	[FIELD_DOCKER_HOST_PATHS] = {"{}", BINDS("data:/x")},
	[FIELD_COUNT] = {0},
};

static enum field
field_of(const char *text)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		size_t n = strlen(field_info[i].name);
		bool named = field_info[i].flags & FIELD_NAMED;
		if (strncmp(text, field_info[i].name, n) == 0 &&
			text[n] == (named ? '.' : '\0'))
			return (enum field)i;
	}
	fail_msg("no field %s", text);
	return FIELD_COUNT;
}

static enum operator_id
operator_of(const char *text)
{
	for (unsigned i = 0; i < OP_COUNT; i++)
		if (strcmp(text, operator_info[i].name) == 0)
			return (enum operator_id)i;
	fail_msg("no operator %s", text);
	return OP_COUNT;
}

/* --- a case as a request ----------------------------------------------------------- */

/* Splits at |, in place. */
static void
set_headers(struct lang_request *q, char *text)
{
	for (char *end = text; end; text = end + 1) {
		end = strchr(text, '|');
		if (end)
			*end = '\0';
		assert_true(q->nheaders < LANG_WIDTH);
		q->header[q->nheaders++] =
			(struct lang_pair){.name = "X-A", .value = text};
		if (!end)
			return;
	}
}

/* The request; `text` must live as long. A body and a query are set later. */
static struct lang_request
request_of(enum field field, char *text)
{
	bool none = strcmp(text, "-") == 0;
	bool docker = field_info[field].flags & FIELD_DOCKER;
	const char *other = docker ? "/containers/create" : "/x";
	struct lang_request q = {
		.method = field == FIELD_METHOD ? text
			  : docker              ? "POST"
						: "GET",
		.path = field == FIELD_PATH ? text : other,
		.api_version = field == FIELD_API_VERSION && !none ? text : "",
		.client_ip = "192.0.2.1",
		.role = field == FIELD_ROLE ? text : "",
		.identity = field == FIELD_IDENTITY ? text : "",
		.listener = field == FIELD_LISTENER ? text : "default",
	};

	if (field == FIELD_CLIENT_IP)
		q.client_ip = none ? NULL : text;
	if ((field == FIELD_PEER_UID || field == FIELD_PEER_GID) && !none) {
		q.client_ip = NULL;
		q.uid = q.gid = (unsigned)strtoul(text, NULL, 10);
	}
	if (field == FIELD_HEADER && !none)
		set_headers(&q, text);
	if (field == FIELD_TIME)
		assert_int_equal(
			sscanf(text, "%u %u", &q.weekday, &q.minute), 2);
	return q;
}

/* Does the rule of the policy fire on it? */
static bool
fires(const struct lang_real *real, enum field field, const char *text)
{
	static const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	struct lang_facts f;
	struct arena a;
	struct vm vm;
	char *copy = strdup(text);

	assert_non_null(copy);
	arena_init(&a, MIB(1));
	struct lang_request q = request_of(field, copy);
	lang_gather(&f, &q, &a);
	if (field == FIELD_QUERY && strcmp(text, "-") != 0) {
		struct str raw = arena_fmt(&a, "/x?%s", text);
		assert_int_equal(
			target_parse(raw, &limits, &a, &f.target), WHY_OK);
	}
	assert_true(vm_init(&vm, &real->policy->program, &a));
	if (field_info[field].flags & FIELD_NEEDS_BODY) {
		assert_int_equal(
			vm_run(&vm, &f.facts, real->scratch), VM_NEED_BODY);
		lang_set_body(&f, str_of(copy));
	}
	assert_int_equal(vm_run(&vm, &f.facts, real->scratch), VM_DONE);
	bool fired = !vm.verdict.allow;
	assert_int_equal(vm.verdict.rule, fired ? 0 : PROGRAM_NO_RULE);
	arena_fini(&a);
	free(copy);
	return fired;
}

/* --- rows ------------------------------------------------------------------------------ */

static char *
policy_of(const struct row *r, bool negate)
{
	char *text;
	int n = asprintf(&text,
		"auth: {type: none}\nglobal: {default: allow}\nrules:\n"
		"- name: r0\n  action: deny\n  conditions:\n"
		"  - field: %s\n    operator: %s%s\n%s%s%s%s",
		r->field, negate ? "not_" : "", r->op,
		r->value ? "    value: " : "", r->value ? r->value : "",
		r->value ? "\n" : "",
		r->nocase ? "    ignore_case: true\n" : "");
	assert_true(n > 0);
	return text;
}

static void
check_cases(const struct lang_real *real, const struct row *r, bool negate,
	const char *const *cases, bool want)
{
	for (size_t i = 0; i < CASES && cases[i]; i++) {
		if (fires(real, field_of(r->field), cases[i]) ==
			(want != negate))
			continue;
		fail_msg("%s %s%s %s: %s", r->field, negate ? "not_" : "",
			r->op, r->value ? r->value : "", cases[i]);
	}
}

static void
test_each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i / 2];
		bool negate = i % 2;
		/* What is absent is empty; all of nothing is anything. */
		bool absent = strcmp(r->op, "empty") == 0 ||
			      strncmp(r->op, "only_", 5) == 0;
		struct lang_real real;
		lang_compile_text(&real, policy_of(r, negate), false);
		check_cases(&real, r, negate, r->holds, true);
		check_cases(&real, r, negate, r->fails, false);
		check_cases(&real, r, negate, r->wrong, false);
		check_cases(
			&real, r, negate, absences[field_of(r->field)], absent);
		lang_free(&real);
	}
}

/* The values of a field of that kind that a row must reach: one, and by `*`
 * or a parameter that repeats some of several. */
static bool
is_plural(const struct row *r)
{
	return strchr(r->field, '*') || strcmp(r->field, "query.t") == 0;
}

static void
test_nothing_is_missing(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		bool several = f == FIELD_BODY || f == FIELD_QUERY;
		bool docker = field_info[f].flags & FIELD_DOCKER;
		for (unsigned op = 0; op < OP_COUNT; op++) {
			unsigned one = 0, some = 0;
			bool paths = op == OP_UNDER || op == OP_ONLY_UNDER;
			enum field instead = paths ? FIELD_DOCKER_HOST_PATHS
						   : FIELD_DOCKER_ENV;
			if (!operator_applies(op, f) ||
				(docker && f != instead))
				continue;
			for (size_t i = 0; i < sizeof(rows) / sizeof(*rows);
				i++) {
				const struct row *r = &rows[i];
				if (field_of(r->field) != f ||
					operator_of(r->op) != op ||
					!r->holds[0] || !r->fails[0])
					continue;
				one += !is_plural(r);
				some += is_plural(r);
			}
			if (!one || (several && !some))
				fail_msg("no row of %s %s", field_info[f].name,
					operator_info[op].name);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row),
		cmocka_unit_test(test_nothing_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

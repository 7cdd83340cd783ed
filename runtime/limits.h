/* Every limit of the program, each with its reason.
 *
 * Those an operator can set are the defaults of `limits` and `timeouts` in
 * the configuration; the rest are fixed.
 */
#ifndef RUNTIME_LIMITS_H
#define RUNTIME_LIMITS_H

#define KIB(n)               ((n)*1024u)
#define MIB(n)               ((n)*1024u * 1024u)

/* --- requests (settable) -------------------------------------------- */
#define LIMIT_HEADER_BYTES   KIB(64) /* a whole head; Go's client stays < 8 */
#define LIMIT_HEADERS        128     /* field lines of a head */
#define LIMIT_TARGET_BYTES   8192    /* `filters` of the CLI stay < 2 KiB */
#define LIMIT_INSPECTED_BODY MIB(1)  /* a held body; real creates are < 64 K */
#define LIMIT_JSON_DEPTH     64      /* the deepest real body has 8 */
#define LIMIT_CONNECTIONS    16384

/* --- requests (fixed) ------------------------------------------------ */
#define HTTP1_FIELDS_MAX     1024 /* the most `limits.headers` may be set to */
#define HEADER_BYTES_MAX     KIB(256)
#define CONNECTION_NAMES_MAX 32      /* each is looked for among all fields */
#define QUERY_PARAMS_MAX     1024    /* images/get?names= repeats */
#define JSON_NODES_MAX       262144u /* 1 MiB of realistic JSON has 60,000 */
#define JSON_DEPTH_MAX       128
#define CHUNK_LINE_MAX       256 /* a size, its extensions, CRLF */
#define CHUNK_SIZE_DIGITS    15  /* so that no size comes near 2^63 */
#define TRAILER_BYTES_MAX    KIB(8)
#define PROXYPROTO_V2_MAX    KIB(4) /* addresses have 36; the rest is TLVs */
#define INSPECTED_BODY_MAX   MIB(64)
#define HELD_BODIES_MAX      64 /* of the largest size, or 1 MiB, at once */
/* A request's arena: the JSON nodes and decoded strings of a held body. */
#define REQUEST_ARENA_FACTOR 64u
#define REQUEST_ARENA_MIN    MIB(1)

/* --- regular expressions --------------------------------------------- */
#define REGEX_PATTERN_MAX    4096   /* bytes of a pattern */
#define REGEX_SUBJECT_MAX    8192   /* bytes matched; longer is a doubt */
#define REGEX_DOUBTS_MAX     16     /* of the values of one test */
#define REGEX_MATCH_LIMIT    100000 /* 0.9 ms interpreted, 0.1 ms with JIT */
#define REGEX_HEAP_KIB       1024
#define REGEX_JIT_STACK_MIN  KIB(32)
#define REGEX_JIT_STACK_MAX  KIB(512)

/* --- redaction --------------------------------------------------------- */
#define REDACT_DEPTH_MAX     512  /* answers are the Engine's: be generous */
#define REDACT_SPACE_MAX     2048 /* whitespace held; the Engine writes none */
#define REDACT_KEY_MIN       2048 /* of a key that may be removed, as written */
/* A string that is matched, as written: six bytes (an escape) for each byte of
 * the longest subject; whatever is longer would be a doubt anyway. */
#define REDACT_MATCH_MAX     (6 * REGEX_SUBJECT_MAX)

/* --- policies ---------------------------------------------------------- */
#define SOURCE_BYTES_MAX     MIB(8) /* 10,000 rules are about 2 MiB */
#define TOKEN_FILE_BYTES_MAX KIB(4) /* a token is one line */
#define TREE_DEPTH_MAX       32
#define TREE_NODES_MAX       1000000u
#define LINT_STEPS_MAX       2000000u /* 20 ms; 1,000 rules of usual size */
#define SOURCES_MAX          32       /* a configuration and what it includes */
#define INCLUDE_BYTES_MAX    MIB(1)   /* of what it includes: 4,000 rules */
#define RULES_MAX            100000u
#define RATE_REQUESTS_MAX    1000000000 /* more is no limit */
#define RATE_TIME_MAX_MS     604800000  /* a week: buckets are in memory */
#define PROGRAM_BYTES_MAX    MIB(64)
#define POLICY_ARENA_MAX     MIB(512)
#define DIAG_MAX             100 /* errors printed of one file */

/* --- metrics and health ------------------------------------------------ */
#define METRICS_RULES_ALL    1000    /* more: only those that have fired */
#define ADMIN_CONNECTIONS    64      /* the oldest makes room for a new one */
#define ADMIN_HEAD_BYTES     KIB(8)  /* of a request */
#define ADMIN_BODY_BYTES     KIB(64) /* of one to be explained */
#define ADMIN_MS             10000   /* a connection's whole life */
#define ADMIN_STREAMS        8       /* are told events; a page is one */
#define STATUS_TICK_MS       1000
#define STATUS_LAG_BYTES     KIB(64) /* more unread: it is dropped */
#define STATUS_SOCKET_BYTES  KIB(32) /* the kernel's, of an event stream */
#define STATUS_RULES_TICK    256     /* rules told at once */
#define STATUS_LOCKED_MAX    16      /* addresses told of */
#define STATUS_GUESSES       10 /* wrong tokens of an address in a minute */
#define STATUS_GUESS_MS      60000
#define STATUS_LOCK_MS       300000
#define EXPLAIN_RULES_MAX    5000 /* 20 ms, in which the main thread waits */
#define EXPLAIN_EVERY_MS     200  /* on average */
#define EXPLAIN_BURST_MS     2000 /* ten at once */
#define EXPLAIN_ARENA_BYTES  MIB(64)
#define EXPLAIN_ANSWER_BYTES MIB(1) /* kept for who may not read it */
#define READY_MS             1000   /* for the Engine's answer to a ping */
#define READY_AGAIN_MS       1000   /* as long a result is still told */
#define HEALTHCHECK_MS       2000   /* Docker's own limit is 30 s */

/* --- audit ------------------------------------------------------------- */
#define AUDIT_QUEUE_BYTES    MIB(4) /* 8,000 lines as they mostly are */
#define AUDIT_DRAIN_MS       5000   /* at the end, for a sink that blocks */

#endif

/* TLS inside of a leg, against OpenSSL's own client over a socket pair: what
 * happens where the socket takes no more. */
#include "daemon/leg.h"

#include "daemon/pump.h"
#include "daemon/relay.h"
#include "daemon/tls.h"

#include <event2/event.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES (1u << 20)

struct fixture {
	struct event_base *base;
	struct blocks blocks;
	struct tls_context *context;
	struct leg leg;
	unsigned wakes;
	SSL_CTX *client_ctx;
	SSL *client;
	int fd; /* the client's */
	char *data;
};

static struct fixture f;

static void
on_wake(struct leg *leg)
{
	(void)leg;
	f.wakes++;
}

/* --- a certificate ---------------------------------------------------------- */

static void
write_pem(char *path, X509 *cert, EVP_PKEY *key)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	if (cert)
		PEM_write_X509(file, cert);
	else
		PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
}

/* Signed by itself, in two temporary files. */
static void
make_cert(char *cert_path, char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	write_pem(cert_path, x, NULL);
	write_pem(key_path, NULL, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

static struct tls_context *
new_context(void)
{
	char cert[] = "/tmp/leg-cert-XXXXXX", key[] = "/tmp/leg-key-XXXXXX";

	make_cert(cert, key);
	struct tls_context *c = tls_new_server(
		&(struct settings_tls){
			.on = true,
			.cert = str_of(cert),
			.key = str_of(key),
		},
		NULL);
	unlink(cert);
	unlink(key);
	return c;
}

/* --- the fixture ------------------------------------------------------------- */

static void
shake_hands(void)
{
	bool client = false, server = false;

	for (int i = 0; i < 20 && !(client && server); i++) {
		client = SSL_do_handshake(f.client) == 1;
		server = leg_handshake(&f.leg) == HANDSHAKE_DONE;
	}
	assert_true(client && server);
}

static int
set_up(void **state)
{
	int fds[2], small = 4096;
	(void)state;

	f = (struct fixture){.base = event_base_new()};
	f.context = new_context();
	f.client_ctx = SSL_CTX_new(TLS_client_method());
	f.client = SSL_new(f.client_ctx);
	f.data = malloc(BYTES);
	assert_true(f.base && f.context && f.client && f.data);
	for (size_t i = 0; i < BYTES; i++)
		f.data[i] = (char)(i * 31 + i / 251);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	f.fd = fds[1];
	SSL_set_fd(f.client, f.fd);
	SSL_set_connect_state(f.client);
	assert_true(leg_open(&f.leg, f.base, &f.blocks, fds[0], on_wake));
	assert_true(leg_start_tls(&f.leg, f.context));
	shake_hands();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	leg_close(&f.leg);
	blocks_fini(&f.blocks);
	tls_context_unref(f.context);
	SSL_free(f.client);
	SSL_CTX_free(f.client_ctx);
	close(f.fd);
	event_base_free(f.base);
	free(f.data);
	return 0;
}

/* Runs the loop until it has woken the leg's owner once more. */
static void
wait_wake(void)
{
	unsigned before = f.wakes;

	for (int i = 0; i < 100 && f.wakes == before; i++)
		event_base_loop(f.base, EVLOOP_ONCE);
	assert_true(f.wakes > before);
}

/* What the client can decrypt now; 0: nothing, or the end. */
static size_t
client_reads(char *to, size_t room)
{
	size_t n = 0;

	return SSL_read_ex(f.client, to, room, &n) == 1 ? n : 0;
}

/* --- tests -------------------------------------------------------------------- */

/* References of all sizes, queued while others wait: the stream is whole, and
 * what was tried is tried again with the same bytes. */
static void
test_a_socket_that_is_full(void **state)
{
	struct iovec refs[OUTQ_REFS];
	struct outq q = {.refs = refs};
	size_t queued = 0, got = 0, size = 1, wrote, stalls = 0;
	char *seen = malloc(BYTES);
	(void)state;

	assert_non_null(seen);
	while (got < BYTES) {
		while (outq_has_room(&q, 1) && queued < BYTES) {
			size_t n =
				size < BYTES - queued ? size : BYTES - queued;
			outq_ref(&q, f.data + queued, n);
			queued += n;
			size = size * 3 % 50021;
		}
		f.leg.can_write = true;
		stalls += !outq_flush(&q, &f.leg, &wrote);
		assert_false(f.leg.failed);
		for (size_t n = 1; n; got += n)
			n = client_reads(seen + got, BYTES - got);
	}
	assert_memory_equal(seen, f.data, BYTES);
	assert_true(stalls > 10);
	assert_true(outq_empty(&q));
	free(seen);
}

/* The last word waits for the socket, and is said without the owner. */
static void
test_a_farewell_that_must_wait(void **state)
{
	static const char junk[512];
	char c[4096];
	size_t left = 0;
	ssize_t n;
	(void)state;

	assert_int_equal(client_reads(c, sizeof(c)), 0); /* but a ticket */
	while ((n = write(f.leg.fd, junk, sizeof(junk))) > 0)
		left += (size_t)n;
	leg_shutdown(&f.leg);
	assert_false(leg_farewell(&f.leg));
	leg_watch(&f.leg, false, false);
	while (left > 0 &&
		(n = read(f.fd, c, left < sizeof(c) ? left : sizeof(c))) > 0)
		left -= (size_t)n;
	assert_int_equal(left, 0);
	wait_wake();
	assert_true(leg_farewell(&f.leg));
	leg_watch(&f.leg, false, false);
	assert_int_equal(SSL_read(f.client, c, sizeof(c)), 0);
	assert_int_equal(SSL_get_error(f.client, 0), SSL_ERROR_ZERO_RETURN);
}

/* One half is closed; the other goes on. */
static void
test_half_close(void **state)
{
	struct iovec refs[OUTQ_REFS];
	struct outq q = {.refs = refs};
	char got[8];
	size_t wrote;
	(void)state;

	assert_int_equal(SSL_write(f.client, "ask", 3), 3);
	assert_int_equal(SSL_shutdown(f.client), 0);
	wait_wake();
	assert_true(leg_reserve(&f.leg, BLOCK_SMALL));
	assert_true(leg_fill(&f.leg));
	if (!f.leg.rd_eof)
		assert_false(leg_fill(&f.leg));
	assert_true(str_eq(leg_input(&f.leg), STR("ask")));
	assert_true(f.leg.rd_eof && !f.leg.rd_failed);
	leg_watch(&f.leg, false, false);
	outq_ref(&q, "reply", 5);
	assert_true(outq_flush(&q, &f.leg, &wrote));
	assert_int_equal(wrote, 5);
	assert_int_equal(SSL_read(f.client, got, sizeof(got)), 5);
	leg_shutdown(&f.leg);
	assert_true(leg_farewell(&f.leg));
	assert_int_equal(SSL_read(f.client, got, sizeof(got)), 0);
	assert_int_equal(SSL_get_error(f.client, 0), SSL_ERROR_ZERO_RETURN);
}

/* A full block leaves decrypted bytes inside, which no event would tell. */
static void
test_nothing_is_stranded(void **state)
{
	size_t got = 0;
	(void)state;

	assert_int_equal(SSL_write(f.client, f.data, 16000), 16000);
	assert_int_equal(SSL_write(f.client, f.data + 16000, 16000), 16000);
	assert_int_equal(SSL_write(f.client, f.data + 32000, 1000), 1000);
	while (got < 33000) {
		if (!f.leg.can_read)
			wait_wake();
		assert_true(f.leg.can_read);
		assert_true(leg_reserve(&f.leg, BLOCK_SMALL));
		assert_true(leg_fill(&f.leg));
		struct str in = leg_input(&f.leg);
		assert_memory_equal(in.p, f.data + got, in.n);
		got += in.n;
		leg_take(&f.leg, in.n);
	}
	assert_false(leg_has_more(&f.leg));
	assert_true(leg_is_silent(&f.leg));
}

/* A record with a byte costs what one with 16 KiB does. */
static void
test_records_of_a_byte(void **state)
{
	unsigned turns = 0;
	size_t got = 0;
	(void)state;

	for (int i = 0; i < 200; i++)
		assert_int_equal(SSL_write(f.client, f.data + i, 1), 1);
	for (; got < 200; turns++) {
		wait_wake();
		assert_true(leg_reserve(&f.leg, BLOCK_SMALL));
		assert_true(leg_fill(&f.leg));
		assert_false(f.leg.can_read);
		struct str in = leg_input(&f.leg);
		assert_in_range(in.n, 1, 64);
		assert_memory_equal(in.p, f.data + got, in.n);
		got += in.n;
		leg_take(&f.leg, in.n);
	}
	assert_in_range(turns, 4, 100);
}

/* A source that has more than a block: one is moved, then the loop has its
 * turn, and then comes the next, though the socket has nothing new to say. */
static void
move_by_turns(bool raw)
{
	enum { SENT = 150000 };
	struct iovec refs[OUTQ_REFS];
	struct pipe_way way = {.out = HTTP1_UNTIL_EOF, .q.refs = refs};
	struct relay relay;
	struct leg sink;
	size_t turns = 0, got = 0;
	char *seen = malloc(SENT);
	bool moved;
	int fds[2];

	assert_non_null(seen);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_true(leg_open(&sink, f.base, &f.blocks, fds[0], on_wake));
	leg_watch(&sink, false, false);
	http1_body_init(&way.in, HTTP1_UNTIL_EOF, 0);
	relay_init(&relay, &way.q, NULL);
	for (size_t at = 0, n; at < SENT; at += n)
		assert_int_equal(
			SSL_write_ex(f.client, f.data + at,
				SENT - at < 10000 ? SENT - at : 10000, &n),
			1);
	while (got < SENT) {
		uint64_t before = way.bytes + relay.bytes;
		wait_wake();
		if (raw)
			assert_int_equal(
				relay_run(&relay, &f.leg, &sink), RELAY_WAIT);
		else
			assert_int_equal(
				pump(&way, &f.leg, &sink, &moved), PUMP_WAIT);
		assert_in_range(way.bytes + relay.bytes - before, 1,
			block_bytes(BLOCK_MEDIUM));
		for (ssize_t n = 1; n > 0; got += n > 0 ? (size_t)n : 0)
			n = read(fds[1], seen + got, SENT - got);
		turns++;
	}
	assert_memory_equal(seen, f.data, SENT);
	assert_true(turns >= SENT / block_bytes(BLOCK_MEDIUM));
	outq_clear(&way.q, &f.blocks);
	leg_close(&sink);
	close(fds[1]);
	free(seen);
}

static void
test_a_turn_at_a_time(void **state)
{
	(void)state;

	move_by_turns(false);
}

static void
test_a_tunnels_turn_at_a_time(void **state)
{
	(void)state;

	move_by_turns(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_socket_that_is_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_farewell_that_must_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_half_close, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_nothing_is_stranded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_turn_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_tunnels_turn_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_records_of_a_byte, set_up, tear_down),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Relaying between the legs of two socket pairs: what goes first, how an end
 * is passed on, and what is held meanwhile. */
#include "daemon/relay.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)

struct fixture {
	struct event_base *base;
	struct blocks blocks;
	struct leg src, dst;
	int in, out; /* what is written to `in` comes out of `out` */
	struct relay r;
	struct outq q;
	struct iovec ref;
	char *data, *got;
};

static struct fixture f;

static void
on_wake(struct leg *leg)
{
	(void)leg;
}

/* --- the fixture ------------------------------------------------------------- */

static void
open_pair(struct leg *leg, int *fd_out)
{
	int fds[2], size = 4 * MIB;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	assert_true(leg_open(leg, f.base, &f.blocks, fds[0], on_wake));
	*fd_out = fds[1];
}

static int
set_up(void **state)
{
	(void)state;
	f = (struct fixture){.base = event_base_new()};
	signal(SIGPIPE, SIG_IGN);
	open_pair(&f.src, &f.in);
	open_pair(&f.dst, &f.out);
	f.q.refs = &f.ref;
	relay_init(&f.r, &f.q, NULL);
	f.data = malloc(MIB);
	f.got = malloc(MIB);
	for (size_t i = 0; i < MIB; i++)
		f.data[i] = (char)(i * 7 + i / 251);
	return f.data && f.got ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	relay_clear(&f.r, &f.blocks);
	leg_close(&f.src);
	leg_close(&f.dst);
	if (f.in >= 0)
		close(f.in);
	if (f.out >= 0)
		close(f.out);
	assert_int_equal(f.blocks.in_use, 0);
	blocks_fini(&f.blocks);
	event_base_free(f.base);
	free(f.data);
	free(f.got);
	return 0;
}

static void
say(const char *p, size_t n)
{
	assert_int_equal(write(f.in, p, n), n);
}

/* A turn of the loop, in which the source has something to say. */
static enum relay_step
run(void)
{
	f.src.can_read = true;
	return relay_run(&f.r, &f.src, &f.dst);
}

/* All that has come out, behind what had before. */
static size_t
hear(size_t had)
{
	for (ssize_t n; had < MIB; had += (size_t)n) {
		n = read(f.out, f.got + had, MIB - had);
		if (n <= 0)
			break;
	}
	return had;
}

static void
assert_heard(const char *text)
{
	assert_int_equal(hear(0), strlen(text));
	assert_memory_equal(f.got, text, strlen(text));
}

/* Until the sink takes no more. What has been said in all. */
static size_t
say_too_much(void)
{
	size_t said = 0;

	for (;;) {
		say(f.data + said, 65536);
		said += 65536;
		if (run() == RELAY_WAIT && relay_holds(&f.r))
			return said;
		assert_true(said < MIB);
	}
}

/* --- order --------------------------------------------------------------------- */

/* What is queued, what the source has read, what it says now. */
static void
test_what_goes_first(void **state)
{
	(void)state;

	say("read ", 5);
	assert_true(leg_reserve(&f.src, BLOCK_SMALL));
	assert_true(leg_fill(&f.src));
	say("later", 5);
	char *p = outq_reserve(&f.q, &f.blocks, 6);
	assert_non_null(p);
	memcpy(p, "queue ", 6);
	outq_commit(&f.q, 6);
	assert_int_equal(run(), RELAY_WAIT);
	assert_heard("queue read later");
	assert_int_equal(f.r.bytes, 10);
	assert_true(f.r.moved);
}

/* A head stays where it is, also when there is much behind it. */
static void
test_a_pinned_head(void **state)
{
	(void)state;

	say("head", 4);
	say(f.data, 1000);
	assert_true(leg_reserve(&f.src, BLOCK_SMALL));
	assert_true(leg_fill(&f.src));
	const char *head = f.src.in.block;
	leg_take(&f.src, 4);
	leg_pin(&f.src);
	say(f.data + 1000, 200000);
	for (int i = 0; i < 10; i++)
		assert_int_equal(run(), RELAY_WAIT);
	assert_int_equal(hear(0), 201000);
	assert_memory_equal(f.got, f.data, 201000);
	assert_memory_equal(head, "head", 4);
	assert_int_equal(f.blocks.in_use, block_bytes(BLOCK_SMALL));
	leg_unpin(&f.src);
	assert_int_equal(f.blocks.in_use, 0);
}

/* --- what is held ---------------------------------------------------------------- */

static void
test_quiet_is_no_block(void **state)
{
	(void)state;

	char *p = outq_reserve(&f.q, &f.blocks, 1);
	*p = '>';
	outq_commit(&f.q, 1);
	say("a", 1);
	assert_int_equal(run(), RELAY_WAIT);
	assert_heard(">a");
	assert_false(relay_holds(&f.r));
	assert_int_equal(f.blocks.in_use, 0);
	assert_int_equal(run(), RELAY_WAIT);
	assert_false(f.r.moved);
	assert_int_equal(f.blocks.in_use, 0);
}

/* Nothing more is read, and nothing is lost. */
static void
test_back_pressure(void **state)
{
	uint64_t before;
	size_t said, got = 0;
	(void)state;

	said = say_too_much();
	before = f.r.bytes;
	say("!", 1);
	assert_int_equal(run(), RELAY_WAIT);
	assert_int_equal(f.r.bytes, before);
	assert_false(f.r.moved);
	assert_true(f.blocks.in_use <= block_bytes(BLOCK_LARGE));
	while (got < said + 1) {
		got = hear(got);
		f.dst.can_write = true;
		assert_int_equal(run(), RELAY_WAIT);
	}
	assert_memory_equal(f.got, f.data, said);
	assert_int_equal(f.got[said], '!');
	assert_int_equal(f.r.bytes, said + 1);
}

/* Behind some large reads the next ones are larger; until it is quiet. */
static void
test_bulk(void **state)
{
	size_t most = 0, got = 0;
	(void)state;

	say(f.data, 800000);
	while (f.r.bytes < 800000) {
		uint64_t before = f.r.bytes;
		assert_int_equal(run(), RELAY_WAIT);
		f.dst.can_write = true;
		got = hear(got);
		if (f.r.bytes - before > most)
			most = (size_t)(f.r.bytes - before);
	}
	assert_in_range(most, 65537, 262144);
	while (relay_holds(&f.r)) {
		f.dst.can_write = true;
		run();
		got = hear(got);
	}
	run();
	assert_memory_equal(f.got, f.data, 800000);
	assert_int_equal(f.blocks.in_use, 0);
}

/* --- ends ------------------------------------------------------------------------ */

static void
test_an_end(void **state)
{
	char c;
	(void)state;

	say("last", 4);
	shutdown(f.in, SHUT_WR);
	assert_int_equal(run(), RELAY_WAIT);
	assert_int_equal(run(), RELAY_DONE);
	assert_true(f.r.done);
	assert_heard("last");
	assert_int_equal(read(f.out, &c, 1), 0);
	assert_false(f.dst.rd_eof);
	assert_int_equal(run(), RELAY_DONE);
}

/* Only behind what is held. */
static void
test_an_end_waits(void **state)
{
	size_t said, got = 0;
	(void)state;

	said = say_too_much();
	shutdown(f.in, SHUT_WR);
	assert_int_equal(run(), RELAY_WAIT);
	assert_false(f.dst.wr_shut);
	while (!f.r.done) {
		got = hear(got);
		f.dst.can_write = true;
		run();
	}
	assert_int_equal(hear(got), said);
	assert_true(f.dst.wr_shut);
}

/* One that closes with something unread looks like a reset: what it has said
 * before that is passed on. */
static void
test_a_source_that_breaks(void **state)
{
	(void)state;

	assert_int_equal(write(f.src.fd, "late", 4), 4);
	say("last", 4);
	close(f.in);
	f.in = -1;
	assert_int_equal(run(), RELAY_WAIT);
	assert_int_equal(run(), RELAY_BROKEN);
	assert_heard("last");
	assert_false(f.dst.wr_shut);
}

static void
test_a_sink_that_breaks(void **state)
{
	(void)state;

	close(f.out);
	f.out = -1;
	say("x", 1);
	assert_int_equal(run(), RELAY_BROKEN);
	assert_true(f.dst.failed);
	relay_clear(&f.r, &f.blocks);
	assert_false(relay_holds(&f.r));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_goes_first),
		TEST(test_a_pinned_head),
		TEST(test_quiet_is_no_block),
		TEST(test_back_pressure),
		TEST(test_bulk),
		TEST(test_an_end),
		TEST(test_an_end_waits),
		TEST(test_a_source_that_breaks),
		TEST(test_a_sink_that_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Conversations: clients, the Engine and the clock do what a script says, and
 * the world around a worker (world.h) asserts that nothing gets past it.
 *
 * A script is steps with a byte 0xff between them: a letter, the number of a
 * client or of a connection to the Engine, and what is sent.
 *
 *   c C m   client C connects; over PROXY protocol; with a small socket
 *   s S b   client C sends; a byte at a time; a hundred times over
 *   h x     client C shuts its side down; closes
 *   n r     client C stops reading; reads again
 *   e E B   the Engine sends on connection E; in the same ways
 *   H X     it shuts its side down; closes
 *   N R     it stops reading; reads again
 *   k K     the Engine refuses connections; takes them again
 *   t       time passes: the number chooses how much
 *   d       the worker is told to stop
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#define STEPS_MAX 64
#define BYTES_MAX 200 /* of what is sent a byte at a time */
#define TIMES     100 /* more than sockets and blocks hold, of a KiB */

static void
pass(unsigned number)
{
	static const uint32_t ms[] = {
		1, 100, 1100, 5000, 10000, 30000, 75000, 3600000};

	world_pass_ms(ms[number % (sizeof(ms) / sizeof(ms[0]))]);
}

static void
send_bytes(enum world_side side, unsigned number, struct str bytes)
{
	if (bytes.n > BYTES_MAX)
		bytes.n = BYTES_MAX;
	world_send(side, number, bytes, 1);
}

static void
send_often(enum world_side side, unsigned number, struct str bytes)
{
	for (int i = 0; i < TIMES; i++)
		world_send(side, number, bytes, bytes.n);
}

static void
client_step(char what, unsigned number, struct str bytes)
{
	switch (what) {
	case 'c':
		world_connect(number, WORLD_PLAIN);
		break;
	case 'C':
		world_connect(number, WORLD_PROXY);
		break;
	case 'm':
		world_connect(number, WORLD_SMALL);
		break;
	case 's':
		world_send(WORLD_CLIENT, number, bytes, bytes.n);
		break;
	case 'S':
		send_bytes(WORLD_CLIENT, number, bytes);
		break;
	case 'b':
		send_often(WORLD_CLIENT, number, bytes);
		break;
	case 'h':
		world_shut(WORLD_CLIENT, number);
		break;
	case 'x':
		world_close(WORLD_CLIENT, number);
		break;
	case 'n':
	case 'r':
		world_deaf(WORLD_CLIENT, number, what == 'n');
		break;
	default:
		break;
	}
}

static void
engine_step(char what, unsigned number, struct str bytes)
{
	switch (what) {
	case 'e':
		world_send(WORLD_ENGINE, number, bytes, bytes.n);
		break;
	case 'E':
		send_bytes(WORLD_ENGINE, number, bytes);
		break;
	case 'B':
		send_often(WORLD_ENGINE, number, bytes);
		break;
	case 'H':
		world_shut(WORLD_ENGINE, number);
		break;
	case 'X':
		world_close(WORLD_ENGINE, number);
		break;
	case 'N':
	case 'R':
		world_deaf(WORLD_ENGINE, number, what == 'N');
		break;
	case 'k':
	case 'K':
		world_listen(what == 'K');
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = fuzz_text(data, size);

	world_begin();
	for (unsigned i = 0; in.n && i < STEPS_MAX; i++) {
		struct str step = fuzz_cut(&in, '\xff');
		char what = (char)fuzz_byte(&step);
		unsigned number = fuzz_byte(&step) - (unsigned)'0';
		client_step(what, number, step);
		engine_step(what, number, step);
		if (what == 't')
			pass(number);
		if (what == 'd')
			world_drain();
	}
	world_end();
	return 0;
}

/* Pipes: a pool of them, and splicing. */
#include "daemon/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* As large as an unprivileged one may be. Below the least a splice moves less
 * than a read does. */
#define ROOM_BEST  (1024 * 1024)
#define ROOM_LEAST (256 * 1024)

/* More at once would use up what the system grants the user. */
#define USED_MAX   16
#define SPARE_MAX  2

static struct pipe_pair *
pair_new(void)
{
	struct pipe_pair *pair = calloc(1, sizeof(*pair));
	int fds[2], room = -1;

	if (!pair || pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) {
		free(pair);
		return NULL;
	}
	for (int want = ROOM_BEST; room < 0 && want >= ROOM_LEAST; want /= 2)
		room = fcntl(fds[1], F_SETPIPE_SZ, want);
	*pair = (struct pipe_pair){.rd = fds[0], .wr = fds[1]};
	if (room >= ROOM_LEAST) {
		pair->room = (size_t)room;
		return pair;
	}
	close(fds[0]);
	close(fds[1]);
	free(pair);
	return NULL;
}

struct pipe_pair *
pipes_take(struct pipes *p)
{
	struct pipe_pair *pair = p->spare;

	if (p->nused == USED_MAX)
		return NULL;
	if (pair) {
		p->spare = pair->next;
		p->nspare--;
	} else {
		pair = pair_new();
	}
	p->nused += pair != NULL;
	return pair;
}

void
pipes_give(struct pipes *p, struct pipe_pair *pair)
{
	if (!pair)
		return;
	p->nused--;
	if (pair->held == 0 && p->nspare < SPARE_MAX) {
		pair->next = p->spare;
		p->spare = pair;
		p->nspare++;
		return;
	}
	close(pair->rd);
	close(pair->wr);
	free(pair);
}

static enum pipe_move
outcome(ssize_t n, size_t *n_out)
{
	*n_out = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return PIPE_MOVED;
	if (n == 0)
		return PIPE_END;
	return errno == EAGAIN || errno == EINTR ? PIPE_AGAIN : PIPE_FAILED;
}

enum pipe_move
pipe_fill(struct pipe_pair *pair, int from, size_t *n_out)
{
	ssize_t n = splice(from, NULL, pair->wr, NULL, pair->room,
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0)
		pair->held += (size_t)n;
	return outcome(n, n_out);
}

enum pipe_move
pipe_drain(struct pipe_pair *pair, int to, size_t *n_out)
{
	ssize_t n = splice(pair->rd, NULL, to, NULL, pair->held,
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0)
		pair->held -= (size_t)n;
	return outcome(n, n_out);
}

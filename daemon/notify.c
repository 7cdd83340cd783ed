/* Telling the service manager how we are. */
#include "daemon/notify.h"

#include "daemon/log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 160

/* A path, or behind an @ an abstract name; 0: neither. */
static socklen_t
read_address(const char *text, struct sockaddr_un *un)
{
	size_t n = strlen(text);

	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((*text != '/' && *text != '@') || n < 2 ||
		n >= sizeof(un->sun_path))
		return 0;
	memcpy(un->sun_path, text, n);
	if (*text == '@')
		un->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

void
notify_init(struct notify *n)
{
	const char *text = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un;

	*n = (struct notify){.fd = -1};
	if (!text || !*text)
		return;
	errno = EINVAL;
	socklen_t len = read_address(text, &un);
	int fd = len ? socket(AF_UNIX,
			       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
		     : -1;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, len) == 0) {
		n->fd = fd;
		return;
	}
	log_say(LOG_LEVEL_WARN, "cannot tell the service manager (%s): %s",
		text, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void
tell(const struct notify *n, const char *message)
{
	if (n->fd >= 0)
		(void)!send(n->fd, message, strlen(message), MSG_NOSIGNAL);
}

/* --- the watchdog ------------------------------------------------------------- */

static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	tell(arg, "WATCHDOG=1");
}

/* Microseconds; 0: nobody watches this process. */
static uint64_t
watchdog_us(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!us || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(us, NULL, 10);
}

/* Twice as often as it is asked for, as systemd has it. */
void
notify_watch(struct notify *n, struct event_base *base)
{
	uint64_t us = watchdog_us() / 2;
	const struct timeval tv = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_usec = (suseconds_t)(us % 1000000),
	};

	if (n->fd < 0 || us == 0)
		return;
	n->watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, n);
	if (!n->watchdog || event_add(n->watchdog, &tv) != 0)
		log_say(LOG_LEVEL_WARN, "the watchdog will not be told");
}

/* --- states ------------------------------------------------------------------- */

void
notify_ready(const struct notify *n, const char *status)
{
	char text[MESSAGE_MAX];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	tell(n, text);
}

void
notify_reloading(const struct notify *n)
{
	char text[MESSAGE_MAX];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(n, text);
}

void
notify_stopping(const struct notify *n)
{
	tell(n, "STOPPING=1");
}

void
notify_fini(struct notify *n)
{
	if (n->watchdog)
		event_free(n->watchdog);
	if (n->fd >= 0)
		close(n->fd);
	*n = (struct notify){.fd = -1};
}

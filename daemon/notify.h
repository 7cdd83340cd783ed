/* Telling the service manager how we are: systemd's protocol, sd_notify(3).
 *
 * Where NOTIFY_SOCKET is set. The socket is connected before the sandbox, in
 * which it could not be reached any more. A message that is lost is no reason
 * to end. On the main thread.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

struct event;
struct event_base;

struct notify {
	int fd;                 /* owned; -1: nobody asks */
	struct event *watchdog; /* owned; NULL: nobody watches */
};

/* A warning when it cannot be had. */
void notify_init(struct notify *n);

/* Keeps the watchdog quiet (WATCHDOG_USEC) while the loop turns. */
void notify_watch(struct notify *n, struct event_base *base);

void notify_ready(const struct notify *n, const char *status);
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);
void notify_fini(struct notify *n);

#endif

/* The demonstration engine: what a newcomer sees through the proxy where
 * there is no Docker Engine.
 *
 * Answers the reading calls of API 1.41 from sample data, and runs `exec`
 * in a canned shell; it starts no program and touches nothing of the host
 * but its socket. All other calls that write are answered 501.
 */
#ifndef DAEMON_DEMO_H
#define DAEMON_DEMO_H

#include "daemon/command.h"

extern const struct command command_demo_engine;

/* Serves on the unix socket until SIGTERM or SIGINT, which it takes over for
 * the process; made for a process of its own, single-threaded. A socket that
 * an earlier run left at socket_path is replaced, another kind of file is not.
 * parent_fd (not closed; none when negative) is a socket: one byte is written
 * to it as soon as connections are taken, and its other end's closing ends
 * the engine too. Returns an exit status: 0 after that or a signal, 1 after
 * an error, which has been printed. */
int demo_run(const char *socket_path, int parent_fd);

#endif

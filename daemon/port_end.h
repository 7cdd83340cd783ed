/* Ends: what the port proxy listens on, connects to, and hears from; and how
 * Go's programs, whose place it takes, write them and the system's errors. */
#ifndef DAEMON_PORT_END_H
#define DAEMON_PORT_END_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

union port_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct port_end {
	union port_sockaddr addr;
	long port; /* as it was written: it may be out of range */
	bool any;  /* an address was asked for that is none: Go's nil */
};

/* Room for an address, brackets, a port of 64 bits. */
#define PORT_END_TEXT   80
#define PORT_ERROR_TEXT 64

/* A numeric address; "" is any of IPv6, ::ffff:a.b.c.d is of IPv4. The port
 * stays. False: it is none. */
bool port_end_parse(struct port_end *e, const char *text);

/* Copies the port into the address. False with EINVAL: no port has it. */
bool port_end_usable(struct port_end *e);

socklen_t port_sockaddr_len(const union port_sockaddr *a);

/* "127.0.0.1:80", "[::1]:80", ":80" of any. Returns buf. */
const char *port_end_text(const struct port_end *e, char buf[PORT_END_TEXT]);

/* "address already in use". Returns buf. */
const char *port_error_text(int error, char buf[PORT_ERROR_TEXT]);

/* A line on standard error, in the form of Go's log, with the time. */
void port_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

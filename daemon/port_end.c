/* Ends: addresses and errors, as Go writes them. */
#include "daemon/port_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 512

bool
port_end_parse(struct port_end *e, const char *text)
{
	struct in6_addr six = IN6ADDR_ANY_INIT;
	struct in_addr four;

	e->addr = (union port_sockaddr){0};
	e->any = text[0] == '\0';
	if (inet_pton(AF_INET, text, &four) == 1) {
		e->addr.in.sin_family = AF_INET;
		e->addr.in.sin_addr = four;
		return true;
	}
	if (!e->any && inet_pton(AF_INET6, text, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		e->addr.in.sin_family = AF_INET;
		memcpy(&e->addr.in.sin_addr, six.s6_addr + 12, 4);
		return true;
	}
	e->addr.in6.sin6_family = AF_INET6;
	e->addr.in6.sin6_addr = six;
	return true;
}

bool
port_end_usable(struct port_end *e)
{
	if (e->port < 0 || e->port > UINT16_MAX) {
		errno = EINVAL;
		return false;
	}
	if (e->addr.sa.sa_family == AF_INET)
		e->addr.in.sin_port = htons((uint16_t)e->port);
	else
		e->addr.in6.sin6_port = htons((uint16_t)e->port);
	return true;
}

socklen_t
port_sockaddr_len(const union port_sockaddr *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

const char *
port_end_text(const struct port_end *e, char buf[PORT_END_TEXT])
{
	const union port_sockaddr *a = &e->addr;
	bool four = a->sa.sa_family == AF_INET;
	char ip[INET6_ADDRSTRLEN] = "";

	if (four)
		inet_ntop(AF_INET, &a->in.sin_addr, ip, sizeof(ip));
	else if (!e->any)
		inet_ntop(AF_INET6, &a->in6.sin6_addr, ip, sizeof(ip));
	snprintf(buf, PORT_END_TEXT, four || e->any ? "%s:%ld" : "[%s]:%ld", ip,
		e->port);
	return buf;
}

/* The C library's texts are Go's, but for the first letter. */
const char *
port_error_text(int error, char buf[PORT_ERROR_TEXT])
{
	const char *text = strerrordesc_np(error);

	snprintf(buf, PORT_ERROR_TEXT, "%s", text ? text : "unknown error");
	if (buf[0] >= 'A' && buf[0] <= 'Z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
	return buf;
}

void
port_log(const char *fmt, ...)
{
	char line[LINE_BYTES];
	struct tm tm;
	time_t now = time(NULL);
	va_list args;

	localtime_r(&now, &tm);
	size_t n = strftime(line, sizeof(line), "%Y/%m/%d %H:%M:%S ", &tm);
	va_start(args, fmt);
	int wrote = vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	n += wrote < 0 ? 0 : (size_t)wrote;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	/* Where nobody reads it there is nobody to tell. */
	(void)!write(STDERR_FILENO, line, n);
}

/* The sandbox: what the process may still do once it serves.
 *
 * Two steps, since some of it belongs to a thread and is inherited by those it
 * makes, and some of it forbids making threads:
 *
 *   sandbox_enter()  one thread, everything is open: another user, no core
 *                    dumps, no capabilities, no new privileges, Landlock
 *   (threads start)
 *   sandbox_seal()   system calls that serving does not need are death, in
 *                    all threads
 *
 * What is opened later, on a reload or when a log is rotated, must be known
 * before: sandbox_will_*(). On a system that lacks a part the others hold, and
 * a warning names it. From the main thread.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include "compiler/settings.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct engine_address;

enum sandbox_part {
	SANDBOX_NOT_DUMPABLE,
	SANDBOX_USER, /* it is not root */
	SANDBOX_CAPABILITIES,
	SANDBOX_NO_NEW_PRIVILEGES,
	SANDBOX_LANDLOCK,
	SANDBOX_SECCOMP,
	SANDBOX_PARTS
};

/* How a file or folder will be used. */
enum sandbox_use {
	SANDBOX_READ,    /* a file, or what takes its place in its folder */
	SANDBOX_LOOK,    /* what is in a folder */
	SANDBOX_APPEND,  /* a file, or a new one in its folder */
	SANDBOX_LISTEN,  /* a unix socket, made and removed */
	SANDBOX_CONNECT, /* a unix socket: of the Engine */
};

struct sandbox_path {
	struct sandbox_path *next;
	enum sandbox_use use;
	char path[];
};

struct sandbox {
	enum sandbox_mode mode;
	struct sandbox_path *paths; /* owned */
	uint16_t ports[16];         /* of an Engine behind TCP */
	size_t nports;
	bool appends;     /* a file is written to, later */
	unsigned parts;   /* bits: 1 << enum sandbox_part */
	unsigned lacking; /* bits: asked for and not to be had */
	int landlock;     /* the version of its interface */
	uid_t uid;
};

void sandbox_init(struct sandbox *s, enum sandbox_mode mode);
void sandbox_fini(struct sandbox *s);

/* Before entering. False without memory. A relative path is of the folder the
 * process is in now. */
bool sandbox_will_use(struct sandbox *s, enum sandbox_use use, struct str path)
	__attribute__((warn_unused_result));
/* What the settings name: listeners, their certificates, tokens, the audit
 * log; and the Engine's sockets or ports. */
bool sandbox_will_serve(struct sandbox *s, const struct settings *settings,
	const struct engine_address *engine)
	__attribute__((warn_unused_result));

/* The two steps. False when mode is SANDBOX_STRICT and something is lacking;
 * all that is lacking has been logged. With SANDBOX_OFF they do nothing. */
bool sandbox_enter(struct sandbox *s) __attribute__((warn_unused_result));
bool sandbox_seal(struct sandbox *s) __attribute__((warn_unused_result));

/* "no new privileges, ..., uid 65534": what holds; "off". Cut to size. */
void sandbox_text(const struct sandbox *s, char *buf, size_t size);

#endif

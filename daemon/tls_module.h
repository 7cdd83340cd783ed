/* The TLS module: what needs OpenSSL is a shared object of its own, opened by
 * a process whose configuration asks for TLS, before its sandbox. OpenSSL's
 * relocations would cost every other process half a megabyte and most of the
 * time it takes to start.
 *
 * The program and the module are built together and fit no other. The module
 * uses the program's log, blocks and texts (tls_module.symbols).
 */
#ifndef DAEMON_TLS_MODULE_H
#define DAEMON_TLS_MODULE_H

#include "daemon/leg_tls.h"
#include "daemon/tls.h"

/* What the module exports, under the name docker_proxy_tls. */
struct tls_module {
	/* Equal in the program and the module, or they do not fit. */
	char version[32];
	uint32_t module_bytes, leg_bytes;
#define OP(type, name, params, args) type(*name) params;
#define VOID_OP(name, params, args)  void(*name) params;
#include "daemon/tls_ops.def"
#undef OP
#undef VOID_OP
};

#define TLS_MODULE_SYMBOL "docker_proxy_tls"
extern const struct tls_module docker_proxy_tls;

#endif

/* The TLS module: the table that it exports. */
#include "daemon/tls_module.h"

const struct tls_module docker_proxy_tls
	__attribute__((visibility("default"))) = {
		.version = DOCKER_PROXY_VERSION,
		.module_bytes = sizeof(struct tls_module),
		.leg_bytes = sizeof(struct leg),
#define OP(type, name, params, args) .name = name,
#define VOID_OP(name, params, args)  .name = name,
#include "daemon/tls_ops.def"
#undef OP
#undef VOID_OP
};

/* How many connections each client has: limits.connections_per_client. Clients
 * are told apart by ip_client().
 *
 * Asked once a connection, by the acceptor and by whichever worker ends it;
 * so a lock is no matter here.
 */
#ifndef DAEMON_CLIENTS_H
#define DAEMON_CLIENTS_H

#include "runtime/cidr.h"

#include <stdbool.h>
#include <stdint.h>

struct clients;

/* room: the most addresses there can be at once, which is limits.connections.
 * NULL without memory. */
struct clients *clients_new(uint32_t max_each, uint32_t room, uint32_t seed);
void clients_free(struct clients *c);

/* Counts one more connection of ip; false when it has max_each already. */
bool clients_enter(struct clients *c, const struct ip *ip);
void clients_leave(struct clients *c, const struct ip *ip);

#endif

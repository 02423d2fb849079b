/*
 * A socket in another process's network namespace, where that process's
 * abstract addresses are. Not thread-safe (forks).
 */
#ifndef TENURE_REPORT_NAMESPACE_H
#define TENURE_REPORT_NAMESPACE_H

#include <stdbool.h>

#include "report/message.h"
#include "report/peer.h"

/* An unconnected AF_UNIX stream socket, close-on-exec; or -1 with the reason,
 * which is most often a lack of rights. */
int tenure_namespace_socket(const struct tenure_peer *peer,
                            struct tenure_why *why);

/* Are we in the same namespace, "net" or "user"? True where we may not look:
 * then trying will tell. */
bool tenure_namespace_shared(const struct tenure_peer *peer, const char *name);

#endif

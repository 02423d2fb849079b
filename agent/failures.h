/*
 * Snapshots that could not be written, by this process or one of those that
 * it forked or was forked from. They share one page: a child that dropped its
 * privileges, and with them the right to write any snapshot, has no other way
 * to be heard of. A program executed by one of them begins anew.
 *
 * Async-signal-safe after the opening; takes no lock.
 */
#ifndef TENURE_AGENT_FAILURES_H
#define TENURE_AGENT_FAILURES_H

#include <stdint.h>

/* Once, before main(). Without memory only this process is counted. */
void tenure__failures_open(void);

/* `error` is a negative errno value. */
void tenure__failures_add(int error);

/* How many, and the errno value of the latest, positive; 0 if none. */
uint64_t tenure__failures_count(void);
int tenure__failures_error(void);

#endif

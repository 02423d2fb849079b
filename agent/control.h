/*
 * What the helper thread does all day: waits for a request on the control
 * socket, for the next period, or for a wake-up from a thread of the
 * service, and takes snapshots.
 *
 * The socket is abstract AF_UNIX (agent/format/address.h): nothing to clean
 * up, nothing in a file system that may be read-only, gone with the process.
 * Only the process' own user and root are answered (SO_PEERCRED). A request
 * is one line, an answer is one line ("ok key=value ..." or "error TEXT").
 */
#ifndef TENURE_AGENT_CONTROL_H
#define TENURE_AGENT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/format/format.h"

void tenure__control_open(const struct tenure__config *config);

/* The helper thread's body. */
void tenure__control_run(void);

/* From a thread of the service: has the helper take a snapshot (`kind`: enum
 * tenure_snapshot_kind, 0: as configured) and waits
 * for it, at most timeout_ms after a wait of at most turn_ms for those who
 * asked before. Its number, or a negative errno value. */
int tenure__control_request(enum tenure_trigger trigger, uint32_t kind,
                            const char *label, uint32_t turn_ms,
                            uint32_t timeout_ms);

/* Has the helper take a snapshot by bytes, soon. Async-signal-safe. */
void tenure__control_bytes_due(void);

/* Births and deaths are recorded from now on, or births no longer. */
void tenure__control_set_tracking(bool on);
/* There may be blocks whose birth was not recorded. */
bool tenure__control_was_paused(void);

/* exit() has begun: what dies from here on says nothing of how the service
 * ran, so no more snapshots by time or bytes are taken. */
void tenure__control_exit_begins(void);

void tenure__control_after_fork(void);

#endif

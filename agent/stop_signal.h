/* Stopping by signal, for stop.c only: the contracts are those of stop.h. */
#ifndef TENURE_AGENT_STOP_SIGNAL_H
#define TENURE_AGENT_STOP_SIGNAL_H

#include "agent/stop.h"

int tenure__stop_signal(struct tenure__stopped_thread *table,
                        uint32_t watchdog_ms, tenure__stop_body *body,
                        void *with, struct tenure__stopped *stopped);

#endif

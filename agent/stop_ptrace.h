/* Stopping by ptrace, for stop.c only: the contracts are those of stop.h. */
#ifndef TENURE_AGENT_STOP_PTRACE_H
#define TENURE_AGENT_STOP_PTRACE_H

#include "agent/stop.h"

/* 0 if a child of ours may trace us. Not kept: the service may give up its
 * privileges later. */
int tenure__stop_ptrace_probe(void);

int tenure__stop_ptrace(struct tenure__stopped_thread *table,
                        uint32_t watchdog_ms, tenure__stop_body *body,
                        void *with, struct tenure__stopped *stopped);

#endif

/*
 * In a forked child the helper thread is gone; the hooks' slow path brings
 * it back. Async-signal-safe.
 */
#ifndef TENURE_AGENT_REVIVE_H
#define TENURE_AGENT_REVIVE_H

#include <stdint.h>

/* 0 = nothing to do. */
extern __attribute__((visibility("hidden"))) uint32_t tenure__revive_countdown;
void tenure__revive(void);

#endif

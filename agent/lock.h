/*
 * A lock for the agent's slow paths: one word, atomic whatever glibc thinks
 * of the number of threads (it does not know the helper thread). Waits by
 * futex. Not for hooks. In a forked child it is reset, not unlocked.
 */
#ifndef TENURE_AGENT_LOCK_H
#define TENURE_AGENT_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct tenure__lock {
    uint32_t word; /* 0 free, 1 held, 2 held and waited for */
};

/* False: not within timeout_ms. */
bool tenure__lock_take(struct tenure__lock *lock, uint32_t timeout_ms);
void tenure__lock_give(struct tenure__lock *lock);

/* Waits until *word is not `value`, woken or not; at most timeout_ms. */
void tenure__wait(uint32_t *word, uint32_t value, uint32_t timeout_ms);
void tenure__wake(uint32_t *word);

#endif

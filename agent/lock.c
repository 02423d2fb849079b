/*
 * Waiting and waking by futex (U. Drepper, "Futexes Are Tricky", mutex2).
 */
#include "agent/lock.h"

#include <linux/futex.h>

#include "agent/os.h"

void tenure__wait(uint32_t *word, uint32_t value, uint32_t timeout_ms)
{
    struct {
        int64_t sec, nsec;
    } limit = {timeout_ms / 1000, (int64_t)(timeout_ms % 1000) * 1000000};
    tenure__syscall6(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, (long)value,
                     (long)&limit, 0, 0);
}

void tenure__wake(uint32_t *word)
{
    tenure__syscall3(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

bool tenure__lock_take(struct tenure__lock *lock, uint32_t timeout_ms)
{
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(&lock->word, &free, 1, 0, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        return true;
    uint64_t end = tenure__os_monotonic_ns() + timeout_ms * 1000000ull;
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0) {
        uint64_t now = tenure__os_monotonic_ns();
        if (now >= end)
            return false;
        tenure__wait(&lock->word, 2, (uint32_t)((end - now) / 1000000) + 1);
    }
    return true;
}

void tenure__lock_give(struct tenure__lock *lock)
{
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        tenure__wake(&lock->word);
}

/*
 * A thread's own block on x86_64: the descriptor, to which the thread pointer
 * points, ends the stack; thread-local storage lies below it.
 */
#include "agent/roots_thread.h"

static uint64_t word_at(uint64_t address)
{
    return *(const uint64_t *)address;
}

uint64_t tenure__thread_end(uint64_t thread_pointer, uint64_t start)
{
    (void)start;
    return (thread_pointer + TENURE_PTHREAD_BYTES) & ~4095ull;
}

/* The thread pointer points to itself, twice (tcbhead_t: tcb, dtv, self),
 * within the last pages of the stack. */
bool tenure__thread_stack(uint64_t start, uint64_t end,
                          struct tenure__range *stack, uint64_t *thread_pointer)
{
    uint64_t from = end - start > 2 * TENURE_PTHREAD_BYTES
                        ? end - 2 * TENURE_PTHREAD_BYTES
                        : start;
    for (uint64_t at = (end - 2048) & ~63ull; at >= from; at -= 64) {
        if (word_at(at) != at || word_at(at + 16) != at)
            continue;
        uint64_t behind = tenure__thread_end(at, start);
        *stack = (struct tenure__range){start, behind < end ? behind : end};
        *thread_pointer = at;
        return true;
    }
    return false;
}

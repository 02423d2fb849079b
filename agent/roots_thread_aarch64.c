/*
 * A thread's own block on aarch64: the thread pointer lies behind the
 * descriptor; thread-local storage above both ends the stack.
 *
 * How much storage there is differs from program to program, so the end is
 * taken from the descriptor, which has it (struct pthread: stackblock,
 * stackblock_size, guardsize). The words are found by what they say, since
 * their places differ from one glibc to the next.
 */
#include "agent/roots_thread.h"

#include "agent/helper.h"

#define DESCRIPTOR_BYTES 2560u         /* rounded up */
#define STORAGE_BYTES_MAX 65536u       /* stacks with more are taken to live */
#define LOCK_FROM_LINK ((uint64_t)-32) /* in a pthread_mutex_t */
#define TID_TO_LIST 16

static uint64_t word_at(uint64_t address)
{
    return *(const uint64_t *)address;
}

/* The stack around an address, if words in [from, to) tell. */
static bool find_stack(uint64_t from, uint64_t to, uint64_t address,
                       struct tenure__range *stack)
{
    for (uint64_t at = from; at + 24 <= to; at += 8) {
        uint64_t block = word_at(at), bytes = word_at(at + 8);
        uint64_t guard = word_at(at + 16);
        if (block == 0 || block > address || address - block >= bytes ||
            bytes % 4096 != 0 || guard % 4096 != 0 || guard >= bytes)
            continue;
        *stack = (struct tenure__range){block + guard, block + bytes};
        return true;
    }
    return false;
}

uint64_t tenure__thread_end(uint64_t thread_pointer, uint64_t start)
{
    struct tenure__range stack;
    uint64_t from = thread_pointer - start > DESCRIPTOR_BYTES
                        ? thread_pointer - DESCRIPTOR_BYTES
                        : start;
    if (find_stack(from, thread_pointer, thread_pointer, &stack))
        return stack.end;
    return (thread_pointer + TENURE_PTHREAD_BYTES) & ~4095ull;
}

/* In the descriptor the list of robust mutexes, empty, points to itself,
 * twice, and says where a mutex keeps its lock (robust_prev, robust_head). */
bool tenure__thread_stack(uint64_t start, uint64_t end,
                          struct tenure__range *stack, uint64_t *thread_pointer)
{
    uint64_t tid = (uint64_t)tenure__helper_tid_offset();
    uint64_t from =
        end - start > STORAGE_BYTES_MAX ? end - STORAGE_BYTES_MAX : start;
    for (uint64_t at = end - 16; at >= from + 8; at -= 8) {
        if (word_at(at) != at || word_at(at - 8) != at ||
            word_at(at + 8) != LOCK_FROM_LINK)
            continue;
        *thread_pointer = tid != 0 ? at - TID_TO_LIST - tid : 0;
        uint64_t to = end - at > DESCRIPTOR_BYTES ? at + DESCRIPTOR_BYTES : end;
        return find_stack(at, to, at, stack) && stack->end <= end;
    }
    return false;
}

/*
 * Pointers that only the kernel holds for the service: epoll_data of its
 * epoll instances and sigval of its timers. Read from /proc before the stop,
 * since that takes a while with many descriptors; what changes meanwhile is
 * seen next time, and nothing is lost at the first.
 *
 * In flight with io_uring or aio: not seen. Helper thread only.
 */
#ifndef TENURE_AGENT_ROOTS_KERNEL_H
#define TENURE_AGENT_ROOTS_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "agent/limits.h"

struct tenure__kernel_words {
    uint64_t *word;
    size_t count;
    size_t of_kernel; /* the first so many; those behind were added */
};

/* 0 or -ENOMEM. The memory stays, for the next time. */
int tenure__kernel_words_read(struct tenure__kernel_words *words);

#endif

/*
 * What a thread may do by itself: its users, groups and capabilities. Each
 * thread has its own in the kernel; a new one has its maker's. By raw system
 * calls, async-signal-safe.
 */
#ifndef TENURE_AGENT_CREDENTIALS_H
#define TENURE_AGENT_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

struct tenure__credentials {
    uint32_t uid[3], gid[3]; /* real, effective, saved */
    uint32_t group_count, group_hash;
    uint64_t permitted; /* capabilities */
};

/* Of the calling thread. */
void tenure__credentials_read(struct tenure__credentials *credentials);

/* Could `one` do what `other` cannot, nor allow itself to? */
bool tenure__credentials_exceed(const struct tenure__credentials *one,
                                const struct tenure__credentials *other);

#endif

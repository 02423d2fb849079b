/*
 * How a thread of the service asks the helper for a snapshot, and waits.
 *
 * One wish at a time: those who ask take turns. The wish belongs to whoever
 * has moved the state from what he found: the asker while he writes it, the
 * helper while he copies it. Who gives up before it was taken takes it back;
 * an answer names its wish, so that one which comes late is nobody else's.
 * No system call but futex(2), nothing of libc. Zero it to make an empty one.
 */
#ifndef TENURE_AGENT_MAILBOX_H
#define TENURE_AGENT_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/format/format.h"
#include "agent/limits.h"
#include "agent/lock.h"

struct tenure__wish {
    enum tenure_trigger trigger;
    uint32_t kind; /* of snapshot; 0 = as configured */
    char label[TENURE_LABEL_BYTES];
    uint32_t turn; /* set by the mailbox; never 0 */
};

struct tenure__mailbox {
    struct tenure__lock lock; /* of those who ask */
    uint32_t state;
    struct tenure__wish wish;
    uint32_t turn; /* of the last wish */
    uint32_t answered;
    int result;
};

/* Leaves a wish, calls `wake`, and waits at most timeout_ms for the answer,
 * after at most turn_ms for those who asked before. The result, or
 * -ETIMEDOUT. */
int tenure__mailbox_ask(struct tenure__mailbox *mailbox,
                        const struct tenure__wish *wish, void (*wake)(void),
                        uint32_t turn_ms, uint32_t timeout_ms);

/* In the helper. False: there is none that is whole; who is just writing one
 * wakes us afterwards. */
bool tenure__mailbox_take(struct tenure__mailbox *mailbox,
                          struct tenure__wish *wish);
void tenure__mailbox_answer(struct tenure__mailbox *mailbox,
                            const struct tenure__wish *wish, int result);

#endif

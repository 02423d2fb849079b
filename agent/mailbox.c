/*
 * The mailbox between the service's threads and the helper.
 *
 *   EMPTY -> WRITING -> FULL -> TAKING -> EMPTY
 *                        FULL -> EMPTY            the asker gave up
 */
#include "agent/mailbox.h"

#include <errno.h>

#include "agent/os.h"

enum { EMPTY, WRITING, FULL, TAKING };

static bool move(struct tenure__mailbox *mailbox, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&mailbox->state, &from, to, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void set(struct tenure__mailbox *mailbox, uint32_t state)
{
    __atomic_store_n(&mailbox->state, state, __ATOMIC_RELEASE);
}

/* Waits until *word is another, at most until then; false: it is late. */
static bool wait_for_change(uint32_t *word, uint32_t value, uint64_t end)
{
    uint64_t now = tenure__os_monotonic_ns();
    if (now >= end)
        return false;
    tenure__wait(word, value, (uint32_t)((end - now) / 1000000) + 1);
    return true;
}

static bool put(struct tenure__mailbox *mailbox,
                const struct tenure__wish *wish, uint64_t end)
{
    /* The helper may be copying a wish that was given up meanwhile. */
    while (!move(mailbox, EMPTY, WRITING))
        if (!wait_for_change(&mailbox->state, TAKING, end))
            return false;
    mailbox->wish = *wish;
    mailbox->turn += mailbox->turn == UINT32_MAX ? 2 : 1;
    mailbox->wish.turn = mailbox->turn;
    set(mailbox, FULL);
    return true;
}

static int wait_for_answer(struct tenure__mailbox *mailbox, uint64_t end)
{
    uint32_t answered;
    while ((answered = __atomic_load_n(&mailbox->answered, __ATOMIC_ACQUIRE)) !=
           mailbox->turn)
        if (!wait_for_change(&mailbox->answered, answered, end)) {
            move(mailbox, FULL, EMPTY);
            return -ETIMEDOUT;
        }
    return mailbox->result;
}

int tenure__mailbox_ask(struct tenure__mailbox *mailbox,
                        const struct tenure__wish *wish, void (*wake)(void),
                        uint32_t turn_ms, uint32_t timeout_ms)
{
    int result = -ETIMEDOUT;
    if (!tenure__lock_take(&mailbox->lock, turn_ms))
        return result;
    uint64_t end = tenure__os_monotonic_ns() + timeout_ms * 1000000ull;
    if (put(mailbox, wish, end)) {
        wake();
        result = wait_for_answer(mailbox, end);
    }
    tenure__lock_give(&mailbox->lock);
    return result;
}

bool tenure__mailbox_take(struct tenure__mailbox *mailbox,
                          struct tenure__wish *wish)
{
    if (!move(mailbox, FULL, TAKING))
        return false;
    *wish = mailbox->wish;
    set(mailbox, EMPTY);
    tenure__wake(&mailbox->state);
    return true;
}

void tenure__mailbox_answer(struct tenure__mailbox *mailbox,
                            const struct tenure__wish *wish, int result)
{
    mailbox->result = result;
    __atomic_store_n(&mailbox->answered, wish->turn, __ATOMIC_RELEASE);
    tenure__wake(&mailbox->answered);
}

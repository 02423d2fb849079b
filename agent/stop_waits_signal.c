/*
 * Puts the call back that a handler of ours has interrupted.
 *
 * In come the context of the handler and what was seen before the stop; out
 * goes a changed context. Whether the thread has left its call since then
 * shows in how often it has gone to sleep.
 */
#include "agent/stop_waits_signal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "agent/os.h"

static uint64_t times_asleep(void)
{
    struct rusage used;
    if (tenure__syscall2(SYS_getrusage, RUSAGE_THREAD, &used) != 0)
        return 0;
    return (uint64_t)used.ru_nvcsw;
}

/* The thread's entry, or one that it makes its own, as others may, too. */
static struct tenure__wait *own_entry(int tid)
{
    struct tenure__wait *wait = tenure__wait_of(tid);
    int free_entry = 0;
    if (wait == NULL || wait->tid == tid ||
        __atomic_compare_exchange_n(&wait->tid, &free_entry, tid, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return wait;
    return NULL;
}

/* The same place, stack and arguments, but for the timeout, which may have
 * been changed by us, and the first, which a context may not have. */
static bool is_like(const struct tenure__call *call,
                    const struct tenure__call *seen)
{
    const struct tenure__call_kind *kind = tenure__call_kind(seen->number);
    bool like = call->pc == seen->pc &&
                call->stack_pointer == seen->stack_pointer &&
                (call->number < 0 || call->number == seen->number);
    for (int i = 1; i < 6; i++)
        like &= i == kind->argument || call->argument[i] == seen->argument[i];
    return like;
}

/* Where nobody could look before the stop (the process is not dumpable), it
 * is the call that was put back last: with our timeout, and slept in once. */
static bool is_unmoved(const struct tenure__wait *wait,
                       const struct tenure__call *call)
{
    int timeout = tenure__call_kind(wait->call.number)->argument;
    uint64_t asleep = times_asleep();
    if (wait->called)
        return asleep == wait->voluntary;
    return wait->reissued && asleep <= wait->voluntary + 1 &&
           call->argument[timeout] == wait->call.argument[timeout];
}

/* What was seen of the thread fills in what the context does not have, also
 * if that was the same call the last time. */
static bool identify(const struct tenure__wait *wait, struct tenure__call *call,
                     bool *unmoved)
{
    bool seen = wait != NULL && is_like(call, &wait->call);
    *unmoved = seen && is_unmoved(wait, call);
#ifdef TENURE_CALLS_LOSE_AN_ARGUMENT
    /* Not for futexes, which differ by it, and of which libc asks again. */
    if (!seen || (!*unmoved && call->number == SYS_futex))
        return false;
    call->argument[0] = wait->call.argument[0];
    return true;
#else
    if (call->number < 0 && seen && call->argument[0] == wait->call.argument[0])
        call->number = wait->call.number;
    return call->number >= 0;
#endif
}

void tenure__wait_held(const void *context, struct tenure__held *held)
{
    bool unmoved;
    *held = (struct tenure__held){.wait = own_entry(tenure__os_tid())};
    struct tenure__call *call = &held->call;
    if (!tenure__context_interrupted(context, call))
        return;
    held->on_detour = held->wait != NULL && tenure__detour_at(call->pc);
    if (held->on_detour) {
        held->again = true;
        held->deadline_ns = held->wait->deadline_ns;
        return;
    }
    held->again = identify(held->wait, call, &unmoved);
    if (!held->again)
        return;
    struct tenure__caller self = {0, 0};
    const struct tenure__call_kind *kind = tenure__call_kind(call->number);
    uint64_t timeout = tenure__call_timeout(kind, self, call);
    if (unmoved && (timeout != 0 || tenure__call_updates(kind)))
        held->deadline_ns = held->wait->deadline_ns;
    else if (timeout != 0)
        held->deadline_ns = tenure__os_monotonic_ns() + timeout;
}

/* A signal that the service handles is delivered as soon as we return. */
static bool is_wanted(const ucontext_t *context, int own)
{
    uint64_t pending = 0, blocked;
    memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
    tenure__syscall2(SYS_rt_sigpending, &pending, sizeof pending);
    pending &= ~(blocked | 1ull << (own - 1));
    for (int number = 1; pending != 0; number++, pending >>= 1) {
        struct tenure__sigaction action = {0};
        if ((pending & 1) != 0 &&
            tenure__syscall4(SYS_rt_sigaction, number, 0, &action, 8) == 0 &&
            action.handler != (void *)SIG_DFL &&
            action.handler != (void *)SIG_IGN)
            return true;
    }
    return false;
}

/* With what is left, as at a release by the tracer. */
static void shorten(const struct tenure__held *held, struct tenure__call *call)
{
    const struct tenure__call_kind *kind = tenure__call_kind(call->number);
    struct tenure__caller self = {0, 0};
    struct tenure__wait *wait = held->wait;
    uint64_t now = tenure__os_monotonic_ns();
    uint64_t left = held->deadline_ns > now ? held->deadline_ns - now : 0;
    wait->deadline_ns = held->deadline_ns;
    if (held->on_detour || tenure__call_of_socket(kind)) {
        if (!held->on_detour)
            tenure__wait_detour(wait, self, call);
        tenure__detour_again(&wait->detour, left, call);
    } else if (!tenure__call_updates(kind) ||
               !tenure__call_shorten(kind, call, left, true, &wait->room)) {
        tenure__call_shorten(kind, call, left, false, &wait->room);
    }
}

void tenure__wait_resume(const struct tenure__held *held, void *context,
                         int own)
{
    struct tenure__call call = held->call;
    struct tenure__wait *wait = held->wait;
    if (!held->again || is_wanted(context, own))
        return;
    if (call.number == SYS_close) {
        tenure__context_return(context, 0);
        return;
    }
    if (wait != NULL && held->deadline_ns != 0)
        shorten(held, &call);
    if (wait != NULL && !held->on_detour && !tenure__detour_at(call.pc)) {
        wait->call = call;
        wait->reissued = true;
        wait->voluntary = times_asleep();
    }
    tenure__context_restart(context, &call);
}

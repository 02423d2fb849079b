/*
 * The life of the agent in one process: start, fork, exit.
 *
 * tenure__track_open() sets everything up before main(); a forked child
 * starts over with new counters and no helper, which comes back with its
 * first few allocations, so that a child that only execs pays nothing.
 */
#include "agent/track.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/bindings.h"
#include "agent/blocks.h"
#include "agent/config.h"
#include "agent/control.h"
#include "agent/counters.h"
#include "agent/failures.h"
#include "agent/generations.h"
#include "agent/heap.h"
#include "agent/helper.h"
#include "agent/identity.h"
#include "agent/ledger.h"
#include "agent/include/tenure.h"
#include "agent/major.h"
#include "agent/mappings.h"
#include "agent/modules.h"
#include "agent/records.h"
#include "agent/release.h"
#include "agent/revive.h"
#include "agent/samples.h"
#include "agent/sampling.h"
#include "agent/sandbox.h"
#include "agent/sites.h"
#include "agent/snapshot.h"
#include "agent/threads.h"

static struct tenure__config config;
static bool opened;
static uint32_t exit_snapshot_taken;

uint32_t tenure__revive_countdown;
static void (*tell_hooks)(void); /* NULL: nobody to tell */

void tenure__tracking_set(uint32_t what)
{
    __atomic_store_n(&tenure__tracking, what, __ATOMIC_RELEASE);
    if (tell_hooks != NULL)
        tell_hooks();
}

/* A child allocates this often before it gets a helper of its own. */
#define REVIVE_AFTER 32

static const char *environment_value(char **environment, const char *name)
{
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 &&
            (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

/* What may be reserved of the address space: little, where it is limited. */
#define BUDGET_GENEROUS (1ull << 30)

static uint64_t address_budget(void)
{
    struct rlimit limit;
    if (tenure__syscall4(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit) != 0 ||
        limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / 16 > BUDGET_GENEROUS)
        return BUDGET_GENEROUS;
    return limit.rlim_cur / 16;
}

static int open_tables(const struct tenure__track_setup *setup)
{
    uint64_t budget = address_budget();
    int error =
        tenure__blocks_open(setup->granule_shift, budget < BUDGET_GENEROUS);
    if (error == 0 && config.sample_bytes >= TENURE_SAMPLES_BYTES_MIN &&
        budget == BUDGET_GENEROUS)
        error = tenure__samples_open(config.sample_bytes);
    if (error == 0)
        error = tenure__sites_open(budget / 2);
    if (error == 0)
        error = tenure__records_open(budget / 4);
    if (error == 0)
        error = tenure__threads_open();
    if (error == 0)
        error = tenure__unwind_open(config.depth, config.verify_every);
    return error;
}

void tenure__track_open(const struct tenure__track_setup *setup)
{
    const char *options =
        environment_value(setup->environment, "TENURE_OPTIONS");
    tenure__config_parse(&config, options);
    if (!config.follow_children && config.leader != (uint32_t)tenure__os_pid())
        return;
    tenure__guard_begin();
    tenure__counter[TENURE_VALUE_BAD_OPTIONS] = config.bad_options;
    int error = open_tables(setup);
    tenure__hooks_code = setup->hooks;
    tenure__allocator_code = setup->allocator_code;
    tell_hooks = setup->tracking_changed;
    if (error == 0) {
        tenure__identity_open(config.dir);
        if (setup->own_allocator)
            tenure__bindings_own(tenure__identity.exe);
        tenure__failures_open();
        tenure__ledger_open(config.ledger);
        tenure__ledger_began();
        tenure__snapshot_open(&config, options, setup->allocator);
        tenure__control_open(&config);
        tenure__sampling_open(config.sample_bytes, config.every_bytes,
                              tenure__control_bytes_due);
        tenure__modules_refresh();
        /* Wakes the private jemalloc while we are alone. Its own constructor
         * comes later, and would take a lock of libc that this thread, alone
         * as far as libc knows, gives back without waking the helper. */
        tenure__heap_free(tenure__heap_new(1));
        tenure__helper_open(tenure__control_run);
        opened = true;
        tenure__helper_start();
    }
    tenure__guard_end();
    if (opened && !config.dormant)
        tenure__control_set_tracking(true);
}

/* Not in a vfork child or a raw clone, whose memory is another process'.
 * (In a sandbox where even getpid(2) is deadly, nobody can know.) */
static bool another_process(void)
{
    return tenure__sandbox_may_ask_pid() &&
           tenure__os_pid() != (int)tenure__identity.pid;
}

void tenure__revive(void)
{
    if (another_process() ||
        __atomic_fetch_sub(&tenure__revive_countdown, 1, __ATOMIC_RELAXED) != 1)
        return;
    if (tenure__helper_ending())
        tenure__revive_countdown = 1; /* the old one first */
    else
        tenure__helper_start();
}

static void revive_soon(uint32_t allocations)
{
    tenure__revive_countdown = tenure__sampling_on() ? 1 : allocations;
}

static void start_soon(void)
{
    if (tenure__helper_tid() != 0)
        revive_soon(1);
    else
        tenure__helper_start();
}

/* Ends the helper and starts another; one that is too busy to end in time
 * ends when it can, and the next allocation starts the other. */
static void restart_helper(void)
{
    tenure__helper_stop(TENURE_FOLLOW_WAIT_MS);
    start_soon();
}

void tenure__track_before_fork(void)
{
    if (opened)
        tenure__heap_before_fork();
}

void tenure__track_after_fork(bool in_child)
{
    if (!opened)
        return;
    tenure__heap_after_fork();
    if (!in_child)
        return;
    tenure__release_after_fork();
    tenure__helper_after_fork();
    /* The emulators that want a thread to share everything cannot start one
     * in a forked child; in a sandboxed one it might meet the filter. */
    if (!config.follow_children || tenure__helper_shares_files() ||
        tenure__sandboxed()) {
        tenure__tracking_set(tenure__tracking & TENURE_TRACK_READY);
        opened = false;
        return;
    }
    /* The helper that is gone may have been about to tell the hooks. */
    tenure__tracking_set(tenure__tracking);
    exit_snapshot_taken = 0;
    tenure__control_after_fork();
    tenure__snapshot_after_fork();
    bool was_threaded = tenure__threads_living() > 1;
    tenure__threads_after_fork();
    tenure__modules_after_fork();
    tenure__identity_after_fork(tenure__generation(), was_threaded);
    tenure__ledger_began();
    __atomic_fetch_add(&tenure__generation_now, 1, __ATOMIC_RELAXED);
    revive_soon(REVIVE_AFTER);
}

/* The helper has the credentials it was made with: a new one has the new. */
void tenure__track_privileges_changed(bool of_one_thread)
{
    if (!opened || another_process() || tenure__helper_tid() == 0)
        return;
    if (of_one_thread &&
        (tenure__threads_living() > 1 || !tenure__helper_exceeds_caller()))
        return;
    restart_helper();
}

void tenure__track_alone(bool begins)
{
    if (!opened || another_process())
        return;
    if (begins)
        tenure__helper_stop(TENURE_EXIT_WAIT_MS);
    else
        start_soon();
}

void tenure__track_unload(bool begins)
{
    if (!opened)
        return;
    tenure__guard_begin();
    if (begins)
        tenure__modules_unload_begin();
    else
        tenure__modules_unload_end();
    tenure__guard_end();
}

/* The helper goes on outside of a filter that is for one thread; it cannot
 * be inside of one. The wait is until no more system call of its can follow:
 * the first one would end the process. */
void tenure__track_sandboxed(bool all_threads, const void *filter)
{
    if (!opened || tenure__sandbox_enter(filter))
        return;
    tenure__helper_watch();
    tenure__helper_seal();
    if (all_threads)
        tenure__helper_stop(TENURE_EXIT_WAIT_MS);
}

void tenure__track_exit_begins(void)
{
    if (opened && !another_process())
        tenure__control_exit_begins();
}

void tenure__track_exit(void)
{
    if (!opened || another_process() ||
        __atomic_exchange_n(&exit_snapshot_taken, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (!(tenure__tracking & TENURE_TRACK_DEATHS)) {
        tenure__ledger_ended();
        return; /* dormant to the end: nothing was seen */
    }
    tenure__guard_begin();
    tenure__major_end_within(TENURE_EXIT_MARK_MS);
    /* Where a signal handler ends the process inside of the agent, another
     * request of this very thread may be waiting: do not wait for it. */
    int seq = tenure__control_request(
        TENURE_TRIGGER_EXIT, 0, "",
        tenure__local.busy > 1 ? 0 : TENURE_EXIT_WAIT_MS, TENURE_EXIT_WAIT_MS);
    if (seq >= 0)
        tenure__ledger_ended();
    tenure__guard_end();
}

/* ---- tenure.h ---------------------------------------------------------- */

__attribute__((visibility("default"))) int tenure_snapshot(const char *label)
{
    if (!opened || another_process())
        return -ENOSYS;
    tenure__guard_begin();
    int seq = tenure__control_request(TENURE_TRIGGER_PROGRAM, 0, label,
                                      TENURE_EXIT_WAIT_MS, TENURE_EXIT_WAIT_MS);
    tenure__guard_end();
    return seq;
}

/* Two marks, since it takes two to lose a block. */
__attribute__((visibility("default"))) int tenure_leak_check(void)
{
    const struct tenure__last *last = tenure__snapshot_last();
    int result = -ENOSYS;
    if (!opened || another_process())
        return result;
    tenure__guard_begin();
    for (int i = 0; i < 2 && (i == 0 || result >= 0); i++) {
        result =
            tenure__control_request(TENURE_TRIGGER_PROGRAM, TENURE_MAJOR, "",
                                    TENURE_EXIT_WAIT_MS, TENURE_EXIT_WAIT_MS);
        if (result >= 0 && !last->marked)
            result = -ENODATA;
    }
    tenure__guard_end();
    return result < 0 ? result : last->lost_blocks > 0;
}

__attribute__((visibility("default"))) void tenure_start(void)
{
    if (opened)
        tenure__control_set_tracking(true);
}

__attribute__((visibility("default"))) void tenure_stop(void)
{
    if (opened)
        tenure__control_set_tracking(false);
}

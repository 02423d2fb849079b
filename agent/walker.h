/*
 * A copy-on-write image of the service, with a process of ours in it.
 *
 * The service goes on while the walker reads its frozen copy. Nothing of the
 * service notices: no SIGCHLD, no child for waitpid(-1), no fork handler, no
 * output, no descriptor of the service (it shares the table of the helper,
 * which has its own). It runs when nobody else wants the processor, for a
 * while, and then with a low priority: for as long as it lives the service
 * pays for a copy of every page it writes to. It is the first to go when
 * memory is short, dies with the helper, and leaves no core
 * dump. In it there is one thread, and every lock that a thread of the
 * service held is held for ever: raw system calls and tenure__os_map only.
 *
 * Helper thread only, except tenure__walker_start().
 */
#ifndef TENURE_AGENT_WALKER_H
#define TENURE_AGENT_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ranges.h"

/* Its result is the walker's exit status. */
typedef int tenure__walker_body(void *with);

struct tenure__walker {
    int service; /* process number of the service */
    int pid;     /* of the walker; 0 or a negative error: there is none */
    uint32_t *finished; /* shared: becomes 1 when body has returned */
    tenure__walker_body *body;
    void *with;
    bool urgent; /* somebody waits for it: not at idle priority */
    bool idle;   /* set by prepare: at idle priority, for now */
    uint64_t began_ns;
    /* NULL, or when it is ended whatever its timeout, by the monotonic clock;
     * 0 = not. Any thread may set it meanwhile. */
    const uint64_t *latest_ns;
};

/* So long it is idle, where it may be raised again (RLIMIT_NICE of 20 or
 * CAP_SYS_NICE; else not at all). After that it has TENURE_WALKER_NICE, a
 * third of the share of others. */
#define TENURE_WALKER_IDLE_MS 50u
#define TENURE_WALKER_NICE 5

/* Before the stop. 0 or -ENOMEM. */
int tenure__walker_prepare(struct tenure__walker *walker,
                           tenure__walker_body *body, void *with);

/* Just before the stop: makes the fork faster, if these mappings are most of
 * the memory. Takes 7 ms for each GB, and no longer than this. */
#define TENURE_WALKER_WARM_MS 100u
void tenure__walker_warm(const struct tenure__ranges *mappings);

/* In the walker, before it looks: memory that the service has hidden from
 * itself (PROT_NONE) is readable here. */
void tenure__walker_reveal(void);

/* Makes the image. Called while the threads are stopped: from the helper
 * itself, or (in_tracer) from the tracer, a process that shares its memory.
 * Sets walker->pid. */
void tenure__walker_start(struct tenure__walker *walker, bool in_tracer);

/* Waits until it has ended, at most so long; then it is killed. Its exit
 * status, -ETIMEDOUT, or -EIO: it was killed. Frees what prepare took. */
int tenure__walker_finish(struct tenure__walker *walker, uint32_t timeout_ms);

/* Memory that may be used before a limit is met: of the control group, of
 * the machine, of strict overcommitment for a copy of our writable memory. */
uint64_t tenure__walker_headroom(void);

#endif

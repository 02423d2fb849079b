/*
 * One mark, from the stop to the rows.
 *
 * The helper prepares what the walker will want and can no longer get (what
 * the kernel holds, memory that both see), stops the threads, and lets them
 * go as soon as the walker exists. The walker's findings come back through
 * shared memory: rows, and the set of blocks it did not reach, which the
 * next mark compares with. What it does is in major_walk.c.
 */
#include "agent/major.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/annotate.h"
#include "agent/helper.h"
#include "agent/limits.h"
#include "agent/major_walk.h"
#include "agent/mappings.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/walker.h"

/* Memory a walker needs whatever the heap: its own tables. */
#define HEADROOM_MIN (32ull << 20)

#define TRACERS_KILLED_MAX 2u

static struct tenure__major_work work;
static struct tenure__walker walker;
static bool walking;
static const char *refusal; /* why there is no mark, or "" */
static uint32_t tracers_killed;
static uint64_t latest_ns; /* for a mark to end; 0 = never */

static void *map_shared(size_t bytes)
{
    long at =
        tenure__syscall6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at < 0 && at > -4096)
        return NULL;
    tenure__os_mine((uint64_t)at, bytes);
    return (void *)at;
}

static void name_mapping(const struct tenure__mapping *mapping, void *with)
{
    struct tenure__root root = {.start = mapping->start,
                                .end = mapping->end,
                                .kind = TENURE_RETAINER_MAPPING,
                                .site = mapping->site};
    tenure__roots_add(with, &root);
}

static void name_region(uint64_t start, uint64_t end, void *with)
{
    struct tenure__root root = {
        .start = start, .end = end, .kind = TENURE_RETAINER_USER};
    tenure__roots_add(with, &root);
}

static uint64_t status_bytes(const char *field)
{
    char text[4096];
    if (tenure__read_file("/proc/self/status", text, sizeof text) <= 0)
        return 0;
    return tenure__field(text, field) * 1024;
}

/* An eighth for pages that are written to meanwhile, and the mark's own
 * tables, which a heap of small blocks makes nearly as large. */
static bool has_headroom(void)
{
    uint64_t resident = status_bytes("VmRSS");
    return tenure__walker_headroom() > HEADROOM_MIN + resident / 2;
}

static void forget_findings(struct tenure__findings *findings)
{
    findings->error = -EIO; /* until the walker says otherwise */
    findings->row_count = findings->retainer_count = 0;
    findings->loss_count = 0;
    findings->type_count = findings->retained_count = 0;
    findings->container_count = 0;
    findings->unweighed = 0;
    findings->objects.error = -EIO;
}

/* The set can have as many entries as blocks of 16 bytes are resident. */
static int prepare(void)
{
    int error = tenure__kernel_words_read(&work.kernel_words);
    if (error != 0)
        return error;
    if (work.findings == NULL)
        work.findings = map_shared(sizeof *work.findings);
    if (work.named.root == NULL &&
        tenure__roots_open(&work.named, TENURE_ROOTS_MAX) != 0)
        return -ENOMEM;
    if (work.findings == NULL || tenure__unforked_list(&work.present) != 0)
        return -ENOMEM;
    tenure__unforked_read(&work.findings->unforked, &work.kernel_words);
    work.named.count = 0;
    tenure__mappings_each(name_mapping, &work.named);
    tenure__regions_each(name_region, &work.named);
    forget_findings(work.findings);
    if (tenure__unreached_open(&work.now, status_bytes("VmData") / 16 + 1024) !=
        0)
        return -ENOMEM;
    int failed = tenure__walker_prepare(&walker, tenure__major_walk, &work);
    walker.urgent = work.asked.urgent;
    walker.latest_ns = &latest_ns;
    return failed;
}

static void start_walker(const struct tenure__stopped *world, void *with)
{
    (void)with;
    work.stopped = *world;
    tenure__walker_start(&walker, world->in_tracer);
}

static int stop_by(enum tenure__stop_method method)
{
    struct tenure__stopped world;
    int error = tenure__stop(method, TENURE_STOP_WATCHDOG_MS, start_walker,
                             NULL, &world);
    if (error == 0)
        work.stopped = world;
    else if (walker.pid > 0)
        work.stopped.pause_ns = TENURE_STOP_WATCHDOG_MS * 1000000ull;
    return walker.pid > 0 ? 0 : error;
}

/* The best method that works. A debugger may go away again, so ptrace is
 * tried each time; but not where a tracer was killed more than once. A
 * seccomp filter may kill a thread for what it does after a stop: go on
 * sleeping by restart_syscall(2), return from our handler. */
static void stop_and_start(void)
{
    int error = -EPERM;
    bool sandboxed = tenure__helper_watching();
    if (!sandboxed && tracers_killed < TRACERS_KILLED_MAX)
        error = stop_by(TENURE__STOP_PTRACE);
    if (error == -ETIMEDOUT)
        tracers_killed++;
    if (error != 0 && !sandboxed)
        error = stop_by(TENURE__STOP_SIGNAL);
    if (error != 0)
        stop_by(TENURE__STOP_NONE);
}

#define IS_ENDING "no mark: the process ended before it was made"

static bool is_over(void)
{
    uint64_t latest = __atomic_load_n(&latest_ns, __ATOMIC_ACQUIRE);
    return latest != 0 && tenure__os_monotonic_ns() >= latest;
}

void tenure__major_end_within(uint32_t ms)
{
    __atomic_store_n(&latest_ns, tenure__os_monotonic_ns() + ms * 1000000ull,
                     __ATOMIC_RELEASE);
}

void tenure__major_begin(const struct tenure__major_request *request)
{
    walking = false;
    work.asked = *request;
    work.stopped = (struct tenure__stopped){0};
    refusal = is_over()         ? IS_ENDING
              : !has_headroom() ? "no mark: too little memory to spare"
              : prepare() != 0  ? "no mark: out of memory"
                                : "";
    if (refusal[0] != 0)
        return;
    tenure__walker_warm(&work.present);
    stop_and_start();
    walking = true;
}

void tenure__major_end(struct tenure__major *major)
{
    *major = (struct tenure__major){.method = "", .refusal = refusal};
    if (!walking)
        return;
    walking = false;
    const struct tenure__findings *found = work.findings;
    int result = tenure__walker_finish(&walker, TENURE_WALK_MS);
    major->pause_ns = work.stopped.pause_ns;
    bool listing = found->error == 0 && work.asked.objects.fd >= 0;
    if ((result != 0 && !listing) || found->error != 0) {
        tenure__unreached_close(&work.now);
        major->refusal = is_over() ? IS_ENDING : "no mark: the walker failed";
        return;
    }
    work.now.count = found->unreached;
    tenure__unreached_close(&work.before);
    work.before = work.now;
    work.before_is_sure = tenure__major_is_sure(&work.stopped);
    work.now = (struct tenure__unreached){0};
    major->method = tenure__stop_method_name(work.stopped.method);
    major->unstopped = work.stopped.unstopped;
    major->mark_ns = found->mark_ns;
    major->mark = found->row;
    major->mark_count = found->row_count;
    major->loss = found->loss;
    major->loss_count = found->loss_count;
    major->retainer = found->retainer;
    major->retainer_count = found->retainer_count;
    major->type = found->type;
    major->type_count = found->type_count;
    major->retained = found->retained;
    major->retained_count = found->retained_count;
    major->container = found->container;
    major->container_count = found->container_count;
    major->unweighed = found->unweighed;
    major->lost_blocks = found->lost_blocks;
    major->lost_bytes = found->lost_bytes;
    major->objects = &found->objects;
}

void tenure__major_after_fork(void)
{
    /* Shared with the parent: not ours. */
    work.findings = NULL;
    work.before = work.now = (struct tenure__unreached){0};
    work.before_is_sure = false;
    walking = false;
    tracers_killed = 0;
    latest_ns = 0;
}

/*
 * One mark, from the stop to the rows.
 *
 * The helper prepares what the walker will want and can no longer get (what
 * the kernel holds, memory that both see), stops the threads, and lets them
 * go as soon as the walker exists. The walker's findings come back through
 * shared memory: rows, and the set of blocks it did not reach, which the
 * next mark compares with.
 */
#include "agent/helper.h"
#include "agent/major.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/annotate.h"
#include "agent/classes.h"
#include "agent/generations.h"
#include "agent/limits.h"
#include "agent/major_source.h"
#include "agent/mappings.h"
#include "agent/mark_lost.h"
#include "agent/mark_odd.h"
#include "agent/mark_words.h"
#include "agent/retain.h"
#include "agent/retained.h"
#include "agent/sites.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/roots.h"
#include "agent/roots_kernel.h"
#include "agent/roots_unforked.h"
#include "agent/stop.h"
#include "agent/walker.h"

/* Memory a walker needs whatever the heap: its own tables. */
#define HEADROOM_MIN (32ull << 20)

#define TRACERS_KILLED_MAX 2u

/* What the walker writes and the helper reads. */
struct findings {
    int error;
    uint32_t row_count;
    uint64_t unreached; /* entries of the set */
    uint64_t mark_ns, lost_blocks, lost_bytes;
    struct tenure__unforked unforked;
    uint32_t retainer_count;
    struct tenure_retainer retainer[TENURE_RETAINERS_MAX];
    struct tenure_mark row[TENURE_MARK_ROWS_MAX];
    uint32_t loss_count;
    struct tenure_loss loss[TENURE_MARK_ROWS_MAX];
    uint32_t type_count;
    struct tenure_type type[TENURE_TYPE_ROWS_MAX];
    uint32_t container_count;
    struct tenure_container container[TENURE_RETAIN_SITES];
    uint32_t retained_count;
    uint64_t unweighed;
    struct tenure_retained retained[TENURE_RETAINED_ROWS_MAX];
    struct tenure__objects objects;
};

static struct findings *findings;
static struct tenure__unreached before, now;
static bool before_is_sure;
static struct tenure__kernel_words kernel_words;
static struct tenure__ranges present;
static struct tenure__roots named;
static struct tenure__walker walker;
static struct tenure__stopped stopped;
static bool walking;
static const char *refusal; /* why there is no mark, or "" */
static uint32_t tracers_killed;
static uint64_t latest_ns; /* for a mark to end; 0 = never */
static struct tenure__major_request asked;

/* ---- in the walker ----------------------------------------------------- */

struct marking {
    struct tenure__mark mark;
    struct tenure__sparse sparse;
    struct tenure__major_source blocks;
    struct tenure__mark_source source;
    struct tenure__roots roots;
};

static void mark_root(const struct tenure__root *root, const uint64_t *word,
                      size_t count, struct tenure__mark *mark)
{
    if (!root->starts_only) {
        tenure__mark_words(mark, word, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t block = tenure__index_find(&mark->index, word[i]);
        if (block != TENURE__NO_BLOCK &&
            tenure__index_address(&mark->index, block) == word[i])
            tenure__mark_words(mark, &word[i], 1);
    }
}

/* What a stack or a register points to may have been there for a moment, or
 * be left from a call that has ended: it is a way to a block only where there
 * is no other. */
static bool is_lasting(const struct tenure__root *root)
{
    return root->kind != TENURE_RETAINER_STACK &&
           root->kind != TENURE_RETAINER_REGISTER;
}

static void mark_lasting_root(const struct tenure__root *root,
                              const uint64_t *word, size_t count,
                              uint64_t address, void *with)
{
    (void)address;
    if (is_lasting(root))
        mark_root(root, word, count, with);
}

static void mark_passing_root(const struct tenure__root *root,
                              const uint64_t *word, size_t count,
                              uint64_t address, void *with)
{
    (void)address;
    if (!is_lasting(root))
        mark_root(root, word, count, with);
}

static void mark_odd_root(const struct tenure__root *root, const uint64_t *word,
                          size_t count, uint64_t address, void *with)
{
    (void)address;
    if (!root->starts_only)
        tenure__mark_odd_words(with, word, count,
                               root->kind == TENURE_RETAINER_MAPPING &&
                                   !root->code);
}

/* Something may be lost: looks harder. */
static void mark_again(struct marking *marking)
{
    struct tenure__mark *mark = &marking->mark;
    if (mark->tail == mark->index.count)
        return;
    tenure__roots_read(&marking->roots, &stopped, mark_odd_root, mark);
    tenure__mark_odd_blocks(mark);
}

static int mark_all(struct marking *marking)
{
    struct tenure__roots_input input = {
        .index = &marking->mark.index,
        .stopped = &stopped,
        .glibc = strcmp(asked.allocator, "glibc") == 0,
        .heap_counts = asked.partial,
        .named = &named,
    };
    int error = tenure__roots_find(&input, &marking->roots);
    if (error != 0)
        return error;
    struct tenure__mark *mark = &marking->mark;
    tenure__roots_read(&marking->roots, &stopped, mark_lasting_root, mark);
    tenure__mark_words(mark, kernel_words.word, kernel_words.count);
    tenure__mark_follow(mark);
    tenure__roots_read(&marking->roots, &stopped, mark_passing_root, mark);
    tenure__mark_run(mark);
    mark_again(marking);
    return 0;
}

/* Was every thread looked at, its registers included? */
static bool is_sure(void)
{
    return stopped.unstopped == 0 && stopped.method != TENURE__STOP_NONE;
}

static int report_losses(struct marking *marking)
{
    struct tenure__losses losses;
    enum tenure__lost_after after = is_sure() && asked.last ? TENURE__ONE_MARK
                                    : is_sure() || before_is_sure
                                        ? TENURE__TWO_MARKS
                                        : TENURE__NEVER;
    int error = tenure__mark_losses(&marking->mark, asked.generation, after,
                                    &before, &now, &losses);
    if (error != 0)
        return error;
    if (losses.rows.count > TENURE_MARK_ROWS_MAX)
        return -E2BIG;
    if (losses.rows.count > 0)
        memcpy(findings->row, losses.rows.row,
               losses.rows.count * sizeof *findings->row);
    if (losses.loss_count > 0)
        memcpy(findings->loss, losses.loss,
               losses.loss_count * sizeof *findings->loss);
    findings->row_count = losses.rows.count;
    findings->loss_count = losses.loss_count;
    findings->lost_blocks = losses.lost_blocks;
    findings->lost_bytes = losses.lost_bytes;
    findings->unreached = now.count;
    return 0;
}

/* Every root once more, and what only the helper could read. */
static void read_roots(struct marking *marking, tenure__root_visit *visit,
                       void *with)
{
    const struct tenure__kernel_words *words = &kernel_words;
    struct tenure__root kernel = {.kind = TENURE_RETAINER_KERNEL};
    struct tenure__root unforked = {.kind = TENURE_RETAINER_MAPPING};
    tenure__roots_read(&marking->roots, &stopped, visit, with);
    visit(&kernel, words->word, words->of_kernel, 0, with);
    visit(&unforked, words->word + words->of_kernel,
          words->count - words->of_kernel, 0, with);
}

/* Without memory for it there are no ways: not worth failing for. */
static void report_retainers(struct marking *marking)
{
    struct tenure__retain retain;
    if (tenure__retain_find(&retain, &marking->mark, asked.generation,
                            tenure__sites_count() + 1) != 0)
        return;
    read_roots(marking, tenure__retain_root, &retain);
    tenure__retain_end(&retain);
    memcpy(findings->retainer, retain.retainer,
           retain.count * sizeof *retain.retainer);
    findings->retainer_count = retain.count;
    memcpy(findings->container, retain.container,
           retain.container_count * sizeof *retain.container);
    findings->container_count = retain.container_count;
}

/* Where only some blocks are known, none can be said to hold the others. */
static void report_retained(struct marking *marking)
{
    struct tenure__retained retained;
    if (asked.partial)
        return;
    int error = tenure__retained_open(&retained, &marking->mark,
                                      tenure__walker_headroom());
    if (error == 0) {
        read_roots(marking, tenure__retained_root, &retained);
        error = tenure__retained_find(
            &retained, asked.generation, tenure__sites_count() + 1,
            findings->retained, TENURE_RETAINED_ROWS_MAX);
    }
    if (error == 0)
        findings->retained_count = retained.row_count;
    else
        findings->unweighed = marking->mark.index.count;
    tenure__retained_close(&retained);
}

/* Last, when all else is known: what goes wrong here leaves that as it is. */
static void list_objects(struct marking *marking)
{
    struct tenure__objects_marked marked = {
        .mark = &marking->mark,
        .roots = &marking->roots,
        .stopped = &stopped,
        .kernel = &kernel_words,
        .generation = tenure__generation(),
    };
    tenure__objects_write(&marked, &asked.objects, &findings->objects);
}

/* The process ends afterwards: nothing is given back. */
static int walk(void *with)
{
    (void)with;
    uint64_t began = tenure__os_monotonic_ns();
    tenure__unforked_find(&present, &findings->unforked);
    tenure__walker_reveal();
    struct marking *marking = tenure__os_map(sizeof *marking);
    int error =
        marking == NULL ? -ENOMEM : tenure__major_source_open(&marking->blocks);
    if (error == 0) {
        marking->source = tenure__major_blocks(&marking->blocks);
        error = tenure__mark_open(&marking->mark, &marking->source);
        marking->source = tenure__index_source(&marking->mark.index);
        tenure__sparse_open(&marking->sparse);
        marking->mark.index.sparse = &marking->sparse;
    }
    if (error == 0)
        error = mark_all(marking);
    findings->mark_ns = tenure__os_monotonic_ns() - began;
    if (error == 0)
        report_retainers(marking);
    if (error == 0)
        report_retained(marking);
    if (error == 0)
        error = report_losses(marking);
    if (error == 0)
        findings->type_count = tenure__classes_find(
            &marking->source, asked.generation, findings->type);
    findings->error = error;
    if (error == 0 && asked.objects.fd >= 0)
        list_objects(marking);
    return error != 0;
}

/* ---- in the helper ----------------------------------------------------- */

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

/* The set can have as many entries as blocks of 16 bytes are resident. */
static int prepare(void)
{
    int error = tenure__kernel_words_read(&kernel_words);
    if (error != 0)
        return error;
    if (findings == NULL)
        findings = map_shared(sizeof *findings);
    if (named.root == NULL && tenure__roots_open(&named, TENURE_ROOTS_MAX) != 0)
        return -ENOMEM;
    if (findings == NULL || tenure__unforked_list(&present) != 0)
        return -ENOMEM;
    tenure__unforked_read(&findings->unforked, &kernel_words);
    named.count = 0;
    tenure__mappings_each(name_mapping, &named);
    tenure__regions_each(name_region, &named);
    findings->error = -EIO; /* until the walker says otherwise */
    findings->row_count = findings->retainer_count = 0;
    findings->loss_count = 0;
    findings->type_count = findings->retained_count = 0;
    findings->container_count = 0;
    findings->unweighed = 0;
    findings->objects.error = -EIO;
    if (tenure__unreached_open(&now, status_bytes("VmData") / 16 + 1024) != 0)
        return -ENOMEM;
    int failed = tenure__walker_prepare(&walker, walk, NULL);
    walker.urgent = asked.urgent;
    walker.latest_ns = &latest_ns;
    return failed;
}

static void start_walker(const struct tenure__stopped *world, void *with)
{
    (void)with;
    stopped = *world;
    tenure__walker_start(&walker, world->in_tracer);
}

static int stop_by(enum tenure__stop_method method)
{
    struct tenure__stopped world;
    int error = tenure__stop(method, TENURE_STOP_WATCHDOG_MS, start_walker,
                             NULL, &world);
    if (error == 0)
        stopped = world;
    else if (walker.pid > 0)
        stopped.pause_ns = TENURE_STOP_WATCHDOG_MS * 1000000ull;
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
    asked = *request;
    stopped = (struct tenure__stopped){0};
    refusal = is_over()         ? IS_ENDING
              : !has_headroom() ? "no mark: too little memory to spare"
              : prepare() != 0  ? "no mark: out of memory"
                                : "";
    if (refusal[0] != 0)
        return;
    tenure__walker_warm(&present);
    stop_and_start();
    walking = true;
}

void tenure__major_end(struct tenure__major *major)
{
    *major = (struct tenure__major){.method = "", .refusal = refusal};
    if (!walking)
        return;
    walking = false;
    int result = tenure__walker_finish(&walker, TENURE_WALK_MS);
    major->pause_ns = stopped.pause_ns;
    bool listing = findings->error == 0 && asked.objects.fd >= 0;
    if ((result != 0 && !listing) || findings->error != 0) {
        tenure__unreached_close(&now);
        major->refusal = is_over() ? IS_ENDING : "no mark: the walker failed";
        return;
    }
    now.count = findings->unreached;
    tenure__unreached_close(&before);
    before = now;
    before_is_sure = is_sure();
    now = (struct tenure__unreached){0};
    major->method = tenure__stop_method_name(stopped.method);
    major->unstopped = stopped.unstopped;
    major->mark_ns = findings->mark_ns;
    major->mark = findings->row;
    major->mark_count = findings->row_count;
    major->loss = findings->loss;
    major->loss_count = findings->loss_count;
    major->retainer = findings->retainer;
    major->retainer_count = findings->retainer_count;
    major->type = findings->type;
    major->type_count = findings->type_count;
    major->retained = findings->retained;
    major->retained_count = findings->retained_count;
    major->container = findings->container;
    major->container_count = findings->container_count;
    major->unweighed = findings->unweighed;
    major->lost_blocks = findings->lost_blocks;
    major->lost_bytes = findings->lost_bytes;
    major->objects = &findings->objects;
}

void tenure__major_after_fork(void)
{
    /* Shared with the parent: not ours. */
    findings = NULL;
    before = now = (struct tenure__unreached){0};
    before_is_sure = false;
    walking = false;
    tracers_killed = 0;
    latest_ns = 0;
}

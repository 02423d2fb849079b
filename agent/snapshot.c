/*
 * One snapshot: close the generation, fold, gather, write, rename.
 *
 * The fold gives rows; the nodes of the call tree that they need, the
 * modules, the resized blocks, mappings, threads and totals are added, and
 * everything goes to a temporary file that gets its name when it is whole.
 */
#include "agent/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/bindings.h"
#include "agent/control.h"
#include "agent/counters.h"
#include "agent/failures.h"
#include "agent/file.h"
#include "agent/fold.h"
#include "agent/generations.h"
#include "agent/growths.h"
#include "agent/heap.h"
#include "agent/identity.h"
#include "agent/listing.h"
#include "agent/major.h"
#include "agent/mappings.h"
#include "agent/memory.h"
#include "agent/modules.h"
#include "agent/os.h"
#include "agent/output.h"
#include "agent/population.h"
#include "agent/release.h"
#include "agent/self_test.h"
#include "agent/sites.h"
#include "agent/text.h"
#include "agent/threads.h"
#include "agent/trace.h"
#include "agent/tree.h"

static const struct tenure__config *config;
static const char *options_text, *allocator_name;
static struct tenure__population population;
static struct tenure__last last;

/* All that one snapshot gathers. */
struct gathering {
    struct tenure__snapshot *asked;
    uint32_t generation;
    uint64_t time_ns, age_ns, start_ns;
    struct tenure__rows rows, spread, mappings, late;
    struct tenure__growths growths;
    struct tenure__cells cells;
    struct tenure__tree tree;
    struct tenure__output output;
    struct tenure__major major;
    struct tenure__listing listing;
    struct tenure__file file;
    bool file_open;
};

void tenure__snapshot_open(const struct tenure__config *from,
                           const char *options, const char *allocator)
{
    config = from;
    static char text[4 * TENURE_PATH_BYTES];
    struct tenure__text whole;
    tenure__text_start(&whole, text, sizeof text);
    tenure__text_add(&whole, options != NULL ? options : "");
    tenure__text_add(&whole, "\n");
    tenure__text_add(&whole, from->bad_text);
    options_text = text;
    allocator_name = allocator;
    tenure__trace_open(from->trace);
}

const struct tenure__last *tenure__snapshot_last(void)
{
    return &last;
}

void tenure__snapshot_after_fork(void)
{
    memset(&population, 0, sizeof population);
    memset(&last, 0, sizeof last);
    memset(tenure__counter, 0, sizeof tenure__counter);
    tenure__major_after_fork();
}

/* Threads that were inside a hook when the clock advanced set their slot
 * within microseconds; a moment's wait lets them. */
static void close_generation(struct gathering *g)
{
    struct {
        int64_t sec, nsec;
    } moment = {0, 50000};
    g->generation =
        __atomic_fetch_add(&tenure__generation_now, 1, __ATOMIC_SEQ_CST);
    g->time_ns = tenure__os_realtime_ns();
    g->start_ns = tenure__os_monotonic_ns();
    g->age_ns = g->start_ns - tenure__identity.started_monotonic_ns;
    tenure__syscall2(SYS_nanosleep, &moment, NULL);
}

static void add_mapping(const struct tenure__mapping *mapping, void *with)
{
    struct gathering *g = with;
    if (mapping->site != 0)
        tenure__rows_add(&g->mappings, mapping->site, mapping->generation, 1,
                         mapping->end - mapping->start);
}

static void begin_major(const struct gathering *g)
{
    /* The walker wants to know what lies in which module. */
    tenure__modules_refresh_in_helper();
    struct tenure__major_request request = {
        .generation = g->generation,
        .allocator = allocator_name,
        .last = g->asked->trigger == TENURE_TRIGGER_EXIT,
        .urgent = config->urgent || g->asked->trigger == TENURE_TRIGGER_EXIT ||
                  g->asked->trigger == TENURE_TRIGGER_FATAL ||
                  g->asked->trigger == TENURE_TRIGGER_PROGRAM,
        .partial = config->sample_bytes != 0 || tenure__control_was_paused(),
        .objects = g->listing.target,
    };
    if (!g->listing.wanted)
        request.objects.fd = -1;
    for (uint32_t key = TENURE_VALUE_DROPPED_NO_TABLE;
         key <= TENURE_VALUE_DROPPED_NO_RECORD; key++)
        request.partial |= tenure__counter[key] != 0;
    if (tenure__bindings_unseen() > 0)
        request.partial = true;
    tenure__major_begin(&request);
}

static void want_rows(struct gathering *g, const struct tenure__rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        tenure__tree_want(&g->tree, rows->row[i].site);
}

static int gather(struct gathering *g)
{
    tenure__modules_refresh_in_helper();
    tenure__threads_rename();
    struct tenure__folded folded;
    tenure__fold(g->generation, &folded);
    g->rows = folded.rows;
    g->spread = folded.spread;
    g->cells = folded.cells;
    int error = tenure__growths_gather(&g->growths, g->generation);
    tenure__mappings_each(add_mapping, g);
    tenure__rows_sort(&g->mappings);
    tenure__population_age(&population, &g->rows, g->generation);
    tenure__population_late(&population, &g->late);
    if (error == 0)
        error = tenure__tree_start(&g->tree);
    if (error != 0)
        return error;
    want_rows(g, &g->rows);
    want_rows(g, &g->mappings);
    want_rows(g, &g->late);
    for (size_t i = 0; i < g->growths.count; i++) {
        tenure__tree_want(&g->tree, g->growths.growth[i].site);
        tenure__tree_want(&g->tree, g->growths.growth[i].grown_site);
    }
    return g->rows.error | g->spread.error | g->mappings.error | g->late.error;
}

/* ---- sections ---------------------------------------------------------- */

static void add_value(struct gathering *g, uint32_t key, uint64_t value)
{
    struct tenure_value record = {.key = key, .value = value};
    if (value != 0)
        tenure__output_add(&g->output, TENURE_SECTION_VALUES, &record,
                           sizeof record);
}

static void sum_rows(const struct tenure__rows *rows, uint64_t *blocks,
                     uint64_t *bytes, uint32_t youngest)
{
    *blocks = *bytes = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].generation > youngest)
            continue;
        *blocks += rows->row[i].blocks;
        *bytes += rows->row[i].bytes;
    }
}

static void add_totals(struct gathering *g)
{
    uint64_t blocks, bytes;
    struct tenure__thread_counts counts = {0};
    struct tenure__unwind_counts unwind = {0};
    sum_rows(&g->rows, &blocks, &bytes, UINT32_MAX);
    last.live_blocks = blocks;
    last.live_bytes = bytes;
    add_value(g, TENURE_VALUE_LIVE_BLOCKS, blocks);
    add_value(g, TENURE_VALUE_LIVE_BYTES, bytes);
    sum_rows(&g->rows, &blocks, &last.tenured_bytes,
             g->generation > 2 ? g->generation - 2 : 0);
    sum_rows(&g->mappings, &blocks, &bytes, UINT32_MAX);
    add_value(g, TENURE_VALUE_MAPPED_BLOCKS, blocks);
    add_value(g, TENURE_VALUE_MAPPED_BYTES, bytes);
    tenure__threads_sum(&counts, &unwind);
    tenure__release_deaths(&blocks, &bytes);
    counts.freed_blocks += blocks;
    counts.freed_bytes += bytes;
    add_value(g, TENURE_VALUE_ALLOCATED_BLOCKS, counts.allocated_blocks);
    add_value(g, TENURE_VALUE_ALLOCATED_BYTES, counts.allocated_bytes);
    add_value(g, TENURE_VALUE_FREED_BLOCKS, counts.freed_blocks);
    add_value(g, TENURE_VALUE_FREED_BYTES, counts.freed_bytes);
    add_value(g, TENURE_VALUE_CAPTURES, unwind.walks + unwind.memo_hits);
    add_value(g, TENURE_VALUE_VERIFIED, unwind.verified);
    add_value(g, TENURE_VALUE_TRUNCATED_STACKS, unwind.truncated);
    add_value(g, TENURE_VALUE_MISMATCHED_STACKS, unwind.mismatched);
    add_value(g, TENURE_VALUE_UNTRACKED_FREES, counts.untracked_frees);
    add_value(g, TENURE_VALUE_MISSED_FREES, counts.missed_frees);
    add_value(g, TENURE_VALUE_NESTED_ALLOCATIONS,
              counts.nested + tenure__counter[TENURE_VALUE_NESTED_ALLOCATIONS]);
    add_value(g, TENURE_VALUE_SITES, tenure__sites_count());
}

static void add_memory(struct gathering *g)
{
    struct tenure__memory memory;
    tenure__memory_measure(&g->cells, &memory);
    add_value(g, TENURE_VALUE_RSS_BYTES, memory.rss_bytes);
    add_value(g, TENURE_VALUE_FILE_RSS_BYTES, memory.file_bytes);
    add_value(g, TENURE_VALUE_AGENT_BYTES, memory.agent_bytes);
    add_value(g, TENURE_VALUE_ALLOCATOR_BYTES, memory.allocator_bytes);
    add_value(g, TENURE_VALUE_STACK_BYTES, memory.stack_bytes);
    add_value(g, TENURE_VALUE_LIMIT_BYTES, memory.limit_bytes);
    add_value(g, TENURE_VALUE_THREADS, memory.threads);
}

static void add_unseen_modules(struct gathering *g)
{
    const char *path;
    for (uint32_t i = 0; (path = tenure__bindings_unseen_path(i)); i++) {
        struct tenure_unseen_module record = {
            .path = tenure__output_string(&g->output, path)};
        tenure__output_add(&g->output, TENURE_SECTION_UNSEEN_MODULES, &record,
                           sizeof record);
    }
    add_value(g, TENURE_VALUE_UNSEEN_MODULES, tenure__bindings_unseen());
}

/* The rare events; NESTED has its own line above. */
static void add_counters(struct gathering *g)
{
    for (uint32_t key = 0; key < 256; key++)
        if (key != TENURE_VALUE_NESTED_ALLOCATIONS)
            add_value(g, key, tenure__counter[key]);
    add_value(g, TENURE_VALUE_FAILED_SNAPSHOTS, tenure__failures_count());
    add_value(g, TENURE_VALUE_FAILED_ERROR, (uint64_t)tenure__failures_error());
}

static void add_thread(const struct tenure__thread *thread, void *with)
{
    struct gathering *g = with;
    struct tenure_thread record = {
        .tid = (uint32_t)thread->tid,
        .name = tenure__output_string(&g->output, thread->name),
        .allocated_blocks =
            thread->counts.allocated_blocks - thread->blocks_before,
        .allocated_bytes =
            thread->counts.allocated_bytes - thread->bytes_before};
    tenure__output_add(&g->output, TENURE_SECTION_THREADS, &record,
                       sizeof record);
}

static void add_late(struct gathering *g)
{
    for (size_t i = 0; i < g->late.count; i++) {
        struct tenure_late record = {.site = g->late.row[i].site,
                                     .blocks = g->late.row[i].blocks,
                                     .bytes = g->late.row[i].bytes};
        tenure__output_add(&g->output, TENURE_SECTION_LATE, &record,
                           sizeof record);
    }
}

static bool is_dirty(const struct tenure__major *major)
{
    return major->unstopped > 0 || strcmp(major->method, "none") == 0;
}

static void add_major(struct gathering *g)
{
    const struct tenure__major *major = &g->major;
#define LEND(section, table)                                                   \
    if (major->table##_count > 0)                                              \
    tenure__output_borrow(&g->output, TENURE_SECTION_##section, major->table,  \
                          sizeof *major->table, major->table##_count)
    LEND(MARKS, mark);
    LEND(LOSSES, loss);
    LEND(RETAINERS, retainer);
    LEND(TYPES, type);
    LEND(RETAINED, retained);
    LEND(CONTAINERS, container);
#undef LEND
    add_value(g, TENURE_VALUE_UNWEIGHED_BLOCKS, major->unweighed);
    add_value(g, TENURE_VALUE_PAUSE_US, (major->pause_ns + 999) / 1000);
    add_value(g, TENURE_VALUE_MARK_US, (major->mark_ns + 999) / 1000);
    add_value(g, TENURE_VALUE_LOST_BLOCKS, major->lost_blocks);
    add_value(g, TENURE_VALUE_LOST_BYTES, major->lost_bytes);
    add_value(g, TENURE_VALUE_UNSTOPPED_THREADS, major->unstopped);
}

static void add_process(struct gathering *g)
{
    const struct tenure__identity *who = &tenure__identity;
    bool is_major = g->major.method[0] != 0;
    struct tenure__output *output = &g->output;
    struct tenure_process record = {
        .started_unix_ns = who->started_unix_ns,
        .time_unix_ns = g->time_ns,
        .age_ns = g->age_ns,
        .sample_bytes = config->sample_bytes,
        .pid = who->pid,
        .parent_pid = who->parent_pid,
        .seq = who->seq,
        .generation = g->generation,
        .inherited_generation = who->inherited_generation,
        .floor_generation = tenure__fold_floor(g->generation),
        .kind = is_major ? TENURE_MAJOR : TENURE_MINOR,
        .trigger = g->asked->trigger,
        .machine = TENURE_ELF_MACHINE,
        .page_bytes = (uint32_t)tenure__os_page_bytes(),
        .depth_max = config->depth,
        .flags = (config->dormant ? TENURE_PROCESS_DORMANT : 0) |
                 (is_dirty(&g->major) ? TENURE_PROCESS_DIRTY_MARK : 0),
        .exe = tenure__output_string(output, who->exe),
        .host = tenure__output_string(output, who->host),
        .command = tenure__output_string(output, who->command),
        .label = tenure__output_string(output, g->asked->label),
        .allocator = tenure__output_string(output, allocator_name),
        .options = tenure__output_string(output, options_text),
        .stop_method = tenure__output_string(
            output, is_major ? g->major.method : g->major.refusal),
        .tool = tenure__output_string(output, TENURE_VERSION)};
    memcpy(record.run_id, who->run_id, 16);
    memcpy(record.parent_run_id, who->parent_run_id, 16);
    tenure__output_add(output, TENURE_SECTION_PROCESS, &record, sizeof record);
}

static void borrow_rows(struct gathering *g, uint32_t type,
                        const struct tenure__rows *rows)
{
    if (rows->count > 0)
        tenure__output_borrow(&g->output, type, rows->row, sizeof *rows->row,
                              rows->count);
}

static void add_sections(struct gathering *g)
{
    tenure__output_start(&g->output);
    add_process(g);
    tenure__tree_write(&g->tree, &g->output);
    borrow_rows(g, TENURE_SECTION_ROWS, &g->rows);
    borrow_rows(g, TENURE_SECTION_SPREAD, &g->spread);
    borrow_rows(g, TENURE_SECTION_MAPPINGS, &g->mappings);
    if (g->growths.count > 0)
        tenure__output_borrow(&g->output, TENURE_SECTION_GROWTH,
                              g->growths.growth, sizeof *g->growths.growth,
                              g->growths.count);
    add_late(g);
    add_major(g);
    tenure__listing_add(&g->listing, &g->output);
    tenure__threads_each(add_thread, g);
    add_totals(g);
    add_memory(g);
    add_counters(g);
    add_unseen_modules(g);
    add_value(g, TENURE_VALUE_WRITE_US,
              (tenure__os_monotonic_ns() - g->start_ns) / 1000);
}

static int open_file(struct gathering *g)
{
    int error = 0;
    if (g->asked->fd >= 0)
        g->file.fd = g->asked->fd;
    else if (!g->file_open)
        error = tenure__file_create(&g->file);
    g->file_open = error == 0;
    return error;
}

/* Blocks are written before all else. */
static void open_listing(struct gathering *g)
{
    if ((g->asked->objects || config->objects) && open_file(g) == 0)
        tenure__listing_open(&g->listing, g->file.fd);
}

static int write_sections(struct gathering *g)
{
    add_sections(g);
    return tenure__output_write(&g->output, g->file.fd);
}

/* Gives the file its name, or removes it after an error. */
static int write_out(struct gathering *g, int error)
{
    int unopened = open_file(g);
    if (unopened != 0)
        return unopened;
    if (error == 0)
        error = write_sections(g);
    if (error != 0 && g->output.after > 0) {
        tenure__listing_fail(&g->listing, error);
        tenure__output_drop(&g->output);
        error = write_sections(g);
    }
    if (g->asked->fd >= 0)
        return error;
    return tenure__file_finish(&g->file, error, g->asked->path,
                               sizeof g->asked->path);
}

static void trace_generation(const struct gathering *g, int error)
{
    struct tenure__trace trace = {.age_ns = g->age_ns,
                                  .took_ns =
                                      tenure__os_monotonic_ns() - g->start_ns,
                                  .generation = g->generation,
                                  .trigger = g->asked->trigger,
                                  .major = g->asked->kind == TENURE_MAJOR,
                                  .error = error,
                                  .before = &population.before,
                                  .now = &g->rows};
    tenure__trace_line(&trace);
}

static void drop(struct gathering *g)
{
    tenure__listing_drop(&g->listing);
    tenure__output_drop(&g->output);
    tenure__tree_drop(&g->tree);
    tenure__growths_drop(&g->growths);
    tenure__rows_drop(&g->rows);
    tenure__rows_drop(&g->spread);
    tenure__rows_drop(&g->mappings);
    tenure__rows_drop(&g->late);
    tenure__cells_drop(&g->cells);
}

/* On a busy machine a thread may not have come to stop in time. There will be
 * no other mark than that at the exit. */
static void mark_again(struct gathering *g)
{
    for (uint32_t i = 0;
         i < TENURE_EXIT_MARKS && g->major.unstopped > 0 &&
         g->asked->trigger == TENURE_TRIGGER_EXIT && !g->listing.wanted;
         i++) {
        begin_major(g);
        tenure__major_end(&g->major);
    }
}

void tenure__snapshot_take(struct tenure__snapshot *snapshot)
{
    struct gathering g = {.asked = snapshot};
    snapshot->path[0] = 0;
    if (config->self_test)
        tenure__self_test();
    close_generation(&g);
    open_listing(&g);
    bool major = snapshot->kind == TENURE_MAJOR;
    if (major)
        begin_major(&g);
    int error = gather(&g);
    g.major.method = g.major.refusal = "";
    if (major) {
        tenure__major_end(&g.major);
        mark_again(&g);
        last.lost_blocks = g.major.lost_blocks;
        last.marked = g.major.method[0] != 0 && !is_dirty(&g.major);
    }
    tenure__tree_want_major(&g.tree, &g.major);
    if (error == 0)
        tenure__listing_finish(&g.listing, &g.major, g.generation, &g.tree);
    tenure__identity.seq++;
    error = write_out(&g, error);
    trace_generation(&g, error);
    if (g.rows.error == 0)
        tenure__population_keep(&population, &g.rows);
    drop(&g);
    if (error != 0)
        tenure__failures_add(error);
    snapshot->seq = error != 0 ? error : (int)tenure__identity.seq;
}

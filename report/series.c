/*
 * A series: from file names to joined sites.
 *
 * Names come in, in any order; the snapshots must be of one process and are
 * put in the order in which they were taken; join.c and growth.c then fill
 * the sites.
 */
#include "report/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/join.h"
#include "report/text.h"

const char *tenure_process_name(const struct tenure_snapshot *snapshot,
                                char *text, size_t bytes)
{
    const struct tenure_process *process = snapshot->process;
    const char *name = tenure_snapshot_string(snapshot, process->command);
    if (!*name)
        name = tenure_snapshot_string(snapshot, process->exe);
    int end = (int)strcspn(name, " "), start = end;
    while (start > 0 && name[start - 1] != '/')
        start--;
    time_t seconds = (time_t)(process->started_unix_ns / 1000000000);
    struct tm local;
    char when[32] = "?";
    if (localtime_r(&seconds, &local))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(text, bytes, "%.*s (PID %u, started %s)", end - start,
             name + start, process->pid, when);
    return tenure_text_clean(text);
}

static const char *build_of(const struct tenure_snapshot *snapshot)
{
    const struct tenure_module *exe = tenure_snapshot_exe(snapshot);
    return exe ? tenure_snapshot_string(snapshot, exe->build_id) : "";
}

static int comparable(const struct tenure_snapshot *a,
                      const struct tenure_snapshot *b, struct tenure_why *why)
{
    if (memcmp(a->process->run_id, b->process->run_id,
               sizeof a->process->run_id) == 0)
        return 0;
    const char *exe = tenure_snapshot_string(a, a->process->exe);
    const char *build_a = build_of(a), *build_b = build_of(b);
    if (strcmp(exe, tenure_snapshot_string(b, b->process->exe)) == 0 &&
        *build_a && *build_b && strcmp(build_a, build_b) != 0)
        return tenure_because(
            why,
            "%s and %s come from two builds of %s (build-id %.12s and "
            "%.12s); give snapshots of one process",
            a->path, b->path, exe, build_a, build_b);
    char name_a[256], name_b[256];
    return tenure_because(
        why, "%s is of %s, but %s is of %s; give snapshots of one process",
        a->path, tenure_process_name(a, name_a, sizeof name_a), b->path,
        tenure_process_name(b, name_b, sizeof name_b));
}

static int by_seq(const void *left, const void *right)
{
    const struct tenure_snapshot *a = left, *b = right;
    return (a->process->seq > b->process->seq) -
           (a->process->seq < b->process->seq);
}

static int put_in_order(struct tenure_snapshot *snapshots, uint32_t count,
                        struct tenure_why *why)
{
    for (uint32_t i = 1; i < count; i++)
        if (comparable(&snapshots[0], &snapshots[i], why) < 0)
            return -1;
    qsort(snapshots, count, sizeof *snapshots, by_seq);
    for (uint32_t i = 1; i < count; i++) {
        const struct tenure_snapshot *a = &snapshots[i - 1], *b = a + 1;
        if (a->process->seq == b->process->seq)
            return tenure_because(why,
                                  "%s and %s are the same snapshot "
                                  "(number %u); give different ones",
                                  a->path, b->path, a->process->seq);
        if (a->process->generation >= b->process->generation)
            return tenure_because(why,
                                  "%s is damaged (its generation is not "
                                  "after that of %s)",
                                  b->path, a->path);
    }
    return 0;
}

static void make_timeline(struct tenure_series *series, uint32_t count)
{
    struct tenure_arena *arena = &series->arena;
    uint32_t *generation = tenure_arena_take(arena, count, sizeof *generation);
    double *age_s = tenure_arena_take(arena, count, sizeof *age_s);
    bool *at_exit = tenure_arena_take(arena, count, sizeof *at_exit);
    uint64_t *allocated = tenure_arena_take(arena, count, sizeof *allocated);
    uint64_t *rss = tenure_arena_take(arena, count, sizeof *rss);
    for (uint32_t i = 0; i < count; i++) {
        const struct tenure_process *p = series->snapshots[i].process;
        generation[i] = p->generation;
        age_s[i] = (double)p->age_ns / 1e9;
        at_exit[i] = p->trigger == TENURE_TRIGGER_EXIT ||
                     p->trigger == TENURE_TRIGGER_FATAL;
        allocated[i] = tenure_snapshot_value(&series->snapshots[i],
                                             TENURE_VALUE_ALLOCATED_BLOCKS);
        rss[i] = tenure_snapshot_value(&series->snapshots[i],
                                       TENURE_VALUE_RSS_BYTES);
    }
    const struct tenure_snapshot *last = &series->snapshots[count - 1];
    series->timeline = (struct tenure_timeline){
        .count = count,
        .generation = generation,
        .age_s = age_s,
        .at_exit = at_exit,
        .allocated_blocks = allocated,
        .rss_bytes = rss,
        .sample_bytes = last->process->sample_bytes,
        .limit_bytes = tenure_snapshot_value(last, TENURE_VALUE_LIMIT_BYTES),
    };
}

/* Cohort 0 ends where the window begins, and not before the generations that
 * the agent itself has merged. */
static uint32_t base_of(const struct tenure_series *series)
{
    const struct tenure_timeline *line = &series->timeline;
    uint32_t floor =
        series->snapshots[line->count - 1].process->floor_generation;
    uint32_t at =
        line->count > TENURE_COHORTS_MAX ? line->count - TENURE_COHORTS_MAX : 0;
    while (at + 1 < line->count && line->generation[at] < floor)
        at++;
    return at;
}

int tenure_series_join(struct tenure_series *series,
                       struct tenure_snapshot *snapshots, uint32_t count,
                       struct tenure_why *why)
{
    *series = (struct tenure_series){.snapshots = snapshots};
    series->timeline.count = count;
    if (put_in_order(snapshots, count, why) < 0) {
        tenure_series_close(series);
        return -1;
    }
    make_timeline(series, count);
    series->timeline.base = base_of(series);
    for (uint32_t i = 0; i < count; i++)
        tenure_calltree_add(&series->calls, &snapshots[i]);
    tenure_join_rows(series);
    tenure_join_growth(series);
    tenure_join_spread(series);
    tenure_join_lost(series);
    tenure_join_held(series);
    tenure_join_finish(series, &series->sites);
    tenure_join_finish(series, &series->mappings);
    return 0;
}

int tenure_series_open(struct tenure_series *series, char *const *paths,
                       uint32_t count, struct tenure_why *why)
{
    struct tenure_snapshot *snapshots = tenure_zeroed(count, sizeof *snapshots);
    for (uint32_t i = 0; i < count; i++) {
        if (tenure_snapshot_open(&snapshots[i], paths[i], why) < 0) {
            while (i-- > 0)
                tenure_snapshot_close(&snapshots[i]);
            free(snapshots);
            return -1;
        }
    }
    return tenure_series_join(series, snapshots, count, why);
}

void tenure_series_close(struct tenure_series *series)
{
    for (uint32_t i = 0; i < series->timeline.count; i++)
        tenure_snapshot_close(&series->snapshots[i]);
    free(series->snapshots);
    free(series->sites.at);
    free(series->mappings.at);
    tenure_calltree_drop(&series->calls);
    tenure_arena_drop(&series->arena);
    *series = (struct tenure_series){0};
}

/*
 * Cases: files are opened, snapshots of one process put together, and every
 * accused site of every process becomes a charge.
 */
#include "report/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report/charge_make.h"
#include "report/directory.h"

/* The files to open, directories replaced by what is in them. */
struct files {
    const char **at;
    size_t count, room;
};

static void add_file(struct files *files, const char *path)
{
    files->at =
        tenure_grow(files->at, files->count, &files->room, sizeof *files->at);
    files->at[files->count++] = path;
}

static int add_directory(struct files *files, const char *path,
                         struct tenure_arena *arena, struct tenure_why *why)
{
    char **names;
    int count = tenure_directory_list(path, &names, arena, why);
    for (int i = 0; i < count; i++)
        add_file(files, names[i]);
    return count;
}

static int list_files(struct files *files, char *const *paths, size_t count,
                      struct tenure_arena *arena, struct tenure_why *why)
{
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            if (add_directory(files, paths[i], arena, why) < 0)
                return -1;
        } else {
            add_file(files, paths[i]);
        }
    }
    return 0;
}

/* Opens all of them; on failure those that were open are closed. */
static struct tenure_snapshot *open_files(const struct files *files,
                                          struct tenure_why *why)
{
    struct tenure_snapshot *all = tenure_zeroed(files->count + 1, sizeof *all);
    for (size_t i = 0; i < files->count; i++) {
        if (tenure_snapshot_open(&all[i], files->at[i], why) == 0)
            continue;
        while (i-- > 0)
            tenure_snapshot_close(&all[i]);
        free(all);
        return NULL;
    }
    return all;
}

static bool same_run(const struct tenure_snapshot *a,
                     const struct tenure_snapshot *b)
{
    return memcmp(a->process->run_id, b->process->run_id,
                  sizeof a->process->run_id) == 0;
}

/* Moves the snapshots of the first one's process out of `all`. */
static struct tenure_snapshot *take_process(struct tenure_snapshot *all,
                                            size_t *left, uint32_t *taken)
{
    struct tenure_snapshot *own = tenure_zeroed(*left, sizeof *own);
    struct tenure_snapshot first = all[0];
    size_t rest = 0;
    *taken = 0;
    for (size_t i = 0; i < *left; i++) {
        if (same_run(&all[i], &first))
            own[(*taken)++] = all[i];
        else
            all[rest++] = all[i];
    }
    *left = rest;
    return own;
}

static void count_snapshots(struct tenure_case *one)
{
    const struct tenure_timeline *line = &one->series.timeline;
    struct tenure_matrix *matrix = tenure_zeroed(1, sizeof *matrix);
    uint32_t running = 0;
    for (uint32_t i = 0; i < line->count; i++) {
        running += i >= line->base && !line->at_exit[i];
        const struct tenure_process *p = one->series.snapshots[i].process;
        bool unsure = p->flags & TENURE_PROCESS_DIRTY_MARK;
        one->majors += p->kind == TENURE_MAJOR && !unsure;
        one->unsure += p->kind == TENURE_MAJOR && unsure;
    }
    tenure_matrix_open(matrix, line);
    one->judged = matrix->count;
    one->idle = running > matrix->count ? running - matrix->count : 0;
    free(matrix);
}

static void judge(struct tenure_case *one, uint64_t warmup,
                  struct tenure_arena *arena)
{
    struct tenure_series *series = &one->series;
    struct tenure_view *view = &one->view;
    char name[512];
    uint32_t last = series->timeline.count - 1;
    if (warmup > series->timeline.base)
        series->timeline.base = warmup < last ? (uint32_t)warmup : last;
    view->command = "check";
    view->series = series;
    view->symbols = tenure_symbols_new(series, NULL);
    tenure_judge(&view->judgement, series);
    tenure_findings_make(&view->findings, &view->judgement, view->symbols);
    tenure_process_name(tenure_case_last(one), name, sizeof name);
    one->name = tenure_arena_text(arena, name, strlen(name));
    count_snapshots(one);
    tenure_charges_make(one, arena);
}

static int open_case(struct tenure_cases *cases, struct tenure_snapshot *own,
                     uint32_t count, uint64_t warmup, struct tenure_why *why)
{
    struct tenure_case *one = tenure_zeroed(1, sizeof *one);
    if (tenure_series_join(&one->series, own, count, why) < 0) {
        free(one);
        return -1;
    }
    cases->at =
        tenure_grow(cases->at, cases->count, &cases->room, sizeof *cases->at);
    cases->at[cases->count++] = one;
    judge(one, warmup, &cases->arena);
    return 0;
}

int tenure_cases_open(struct tenure_cases *cases, char *const *paths,
                      size_t count, uint64_t warmup, struct tenure_why *why)
{
    struct files files = {0};
    struct tenure_snapshot *all = NULL;
    int result = -1;
    *cases = (struct tenure_cases){0};
    if (list_files(&files, paths, count, &cases->arena, why) == 0)
        all = open_files(&files, why);
    size_t left = all ? files.count : 0;
    if (all)
        result = 0;
    while (left > 0 && result == 0) {
        uint32_t taken;
        struct tenure_snapshot *own = take_process(all, &left, &taken);
        result = open_case(cases, own, taken, warmup, why);
    }
    for (size_t i = 0; i < left; i++)
        tenure_snapshot_close(&all[i]);
    free(all);
    free(files.at);
    if (result < 0)
        tenure_cases_drop(cases);
    return result;
}

void tenure_cases_drop(struct tenure_cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        struct tenure_case *one = cases->at[i];
        tenure_symbols_free(one->view.symbols);
        tenure_findings_drop(&one->view.findings);
        tenure_judgement_drop(&one->view.judgement);
        tenure_series_close(&one->series);
        free(one);
    }
    free(cases->at);
    tenure_arena_drop(&cases->arena);
    *cases = (struct tenure_cases){0};
}

const struct tenure_snapshot *tenure_case_last(const struct tenure_case *one)
{
    return &one->series.snapshots[one->series.timeline.count - 1];
}

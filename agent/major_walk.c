/*
 * What the walker does: finds roots, marks, and says what it found.
 *
 * In comes the work as the helper left it, in the walker's copy of the
 * memory; out go findings, in memory that both see. Ways, retained sizes and
 * the list of blocks come after the mark, and a mark without them is one all
 * the same.
 */
#include "agent/major_walk.h"

#include <errno.h>
#include <string.h>

#include "agent/classes.h"
#include "agent/generations.h"
#include "agent/major_source.h"
#include "agent/mark_lost.h"
#include "agent/mark_odd.h"
#include "agent/mark_words.h"
#include "agent/os.h"
#include "agent/retained.h"
#include "agent/sites.h"
#include "agent/walker.h"

struct marking {
    struct tenure__major_work *work;
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
    tenure__roots_read(&marking->roots, &marking->work->stopped, mark_odd_root,
                       mark);
    tenure__mark_odd_blocks(mark);
}

static int mark_all(struct marking *marking)
{
    const struct tenure__major_work *work = marking->work;
    const struct tenure__stopped *stopped = &work->stopped;
    const struct tenure__kernel_words *words = &work->kernel_words;
    struct tenure__roots_input input = {
        .index = &marking->mark.index,
        .stopped = stopped,
        .glibc = strcmp(work->asked.allocator, "glibc") == 0,
        .heap_counts = work->asked.partial,
        .named = &work->named,
    };
    int error = tenure__roots_find(&input, &marking->roots);
    if (error != 0)
        return error;
    struct tenure__mark *mark = &marking->mark;
    tenure__roots_read(&marking->roots, stopped, mark_lasting_root, mark);
    tenure__mark_words(mark, words->word, words->count);
    tenure__mark_follow(mark);
    tenure__roots_read(&marking->roots, stopped, mark_passing_root, mark);
    tenure__mark_run(mark);
    mark_again(marking);
    return 0;
}

static int report_losses(struct marking *marking)
{
    struct tenure__major_work *work = marking->work;
    struct tenure__findings *findings = work->findings;
    struct tenure__losses losses;
    bool is_sure = tenure__major_is_sure(&work->stopped);
    enum tenure__lost_after after =
        is_sure && work->asked.last       ? TENURE__ONE_MARK
        : is_sure || work->before_is_sure ? TENURE__TWO_MARKS
                                          : TENURE__NEVER;
    int error = tenure__mark_losses(&marking->mark, work->asked.generation,
                                    after, &work->before, &work->now, &losses);
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
    findings->unreached = work->now.count;
    return 0;
}

/* Every root once more, and what only the helper could read. */
static void read_roots(struct marking *marking, tenure__root_visit *visit,
                       void *with)
{
    const struct tenure__kernel_words *words = &marking->work->kernel_words;
    struct tenure__root kernel = {.kind = TENURE_RETAINER_KERNEL};
    struct tenure__root unforked = {.kind = TENURE_RETAINER_MAPPING};
    tenure__roots_read(&marking->roots, &marking->work->stopped, visit, with);
    visit(&kernel, words->word, words->of_kernel, 0, with);
    visit(&unforked, words->word + words->of_kernel,
          words->count - words->of_kernel, 0, with);
}

/* Without memory for it there are no ways: not worth failing for. */
static void report_retainers(struct marking *marking)
{
    struct tenure__findings *findings = marking->work->findings;
    struct tenure__retain retain;
    if (tenure__retain_find(&retain, &marking->mark,
                            marking->work->asked.generation,
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
    const struct tenure__major_request *asked = &marking->work->asked;
    struct tenure__findings *findings = marking->work->findings;
    struct tenure__retained retained;
    if (asked->partial)
        return;
    int error = tenure__retained_open(&retained, &marking->mark,
                                      tenure__walker_headroom());
    if (error == 0) {
        read_roots(marking, tenure__retained_root, &retained);
        error = tenure__retained_find(
            &retained, asked->generation, tenure__sites_count() + 1,
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
    struct tenure__major_work *work = marking->work;
    struct tenure__objects_marked marked = {
        .mark = &marking->mark,
        .roots = &marking->roots,
        .stopped = &work->stopped,
        .kernel = &work->kernel_words,
        .generation = tenure__generation(),
    };
    tenure__objects_write(&marked, &work->asked.objects,
                          &work->findings->objects);
}

/* The process ends afterwards: nothing is given back. */
int tenure__major_walk(void *with)
{
    struct tenure__major_work *work = with;
    struct tenure__findings *findings = work->findings;
    uint64_t began = tenure__os_monotonic_ns();
    tenure__unforked_find(&work->present, &findings->unforked);
    tenure__walker_reveal();
    struct marking *marking = tenure__os_map(sizeof *marking);
    int error =
        marking == NULL ? -ENOMEM : tenure__major_source_open(&marking->blocks);
    if (error == 0) {
        marking->work = work;
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
            &marking->source, work->asked.generation, findings->type);
    findings->error = error;
    if (error == 0 && work->asked.objects.fd >= 0)
        list_objects(marking);
    return error != 0;
}

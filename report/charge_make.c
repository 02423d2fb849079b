/*
 * Charges: the stacks, sums and sentences of accused findings, copied out of
 * the report so that outputs need nothing else.
 */
#include "report/charge_make.h"

#include <math.h>
#include <string.h>

#include "report/retainer.h"
#include "report/words.h"

enum { TEXT_BYTES = 2048 };

static const char *keep(struct tenure_arena *arena, const char *text)
{
    return tenure_arena_text(arena, text, strlen(text));
}

/* The name alone; of a stripped module the nearest symbol is none. */
static struct tenure_charge_frame frame_of(const struct tenure_case *one,
                                           const struct tenure_stack_frame *f,
                                           struct tenure_arena *arena)
{
    const struct tenure_image *images = one->series.calls.images;
    const struct tenure_frame *names = f->frame;
    char text[TEXT_BYTES] = "";
    if (names->function[0])
        tenure_frame_title(f, text, sizeof text);
    return (struct tenure_charge_frame){
        .function = keep(arena, text),
        .file = keep(arena, names->file),
        .module = f->call->image == TENURE_NONE
                      ? ""
                      : keep(arena, images[f->call->image].path),
        .offset = f->call->address,
        .line = names->line,
        .inlined = names->kind == TENURE_FRAME_INLINE};
}

static struct tenure_charge_stack stack_of(const struct tenure_case *one,
                                           const struct tenure_stack *stack,
                                           struct tenure_arena *arena)
{
    struct tenure_charge_frame *frames =
        tenure_arena_take(arena, stack->count + 1, sizeof *frames);
    for (size_t i = 0; i < stack->count; i++)
        frames[i] = frame_of(one, &stack->at[i], arena);
    return (struct tenure_charge_stack){frames, (uint32_t)stack->count,
                                        (uint32_t)stack->title};
}

/* The oldest generation that still has blocks, and when it began. */
static const char *since_of(const struct tenure_population *p, uint32_t last,
                            struct tenure_arena *arena)
{
    const struct tenure_timeline *line = p->timeline;
    uint32_t oldest = 0, k = 0;
    char text[128];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    while (oldest < p->cohort_count && !p->cohorts[oldest].blocks[last])
        oldest++;
    if (oldest == p->cohort_count || last == 0)
        return "";
    while (k < last && line->generation[k] < p->cohorts[oldest].generation)
        k++;
    if (k == 0)
        return "the start";
    tenure_say(&words, "generation %u, ", line->generation[k]);
    tenure_say_span(&words, line->age_s[k - 1]);
    tenure_say(&words, " after the start");
    return keep(arena, text);
}

/* The snapshot that a verdict is about: what a program frees as it ends is
 * no less accused of having grown. */
static uint32_t judged_last(const struct tenure_finding *finding)
{
    const struct tenure_timeline *line = finding->site->population.timeline;
    uint32_t last = line->count - 1;
    if (finding->verdict->class != TENURE_CLASS_LOST && last > 0 &&
        line->at_exit[last])
        last--;
    return last;
}

/* What does not depend on a verdict, as of snapshot `last`. */
static struct tenure_charge charge_of(const struct tenure_case *one,
                                      const struct tenure_site *site,
                                      uint32_t last, struct tenure_stack *stack,
                                      struct tenure_arena *arena)
{
    const struct tenure_population *p = &site->population;
    char text[TEXT_BYTES];
    struct tenure_charge charge = {
        .process = one->name,
        .site = site,
        .because = "",
        .blocks = p->live_blocks[last],
        .bytes = p->live_bytes[last],
        .error_bytes = sqrt(site->variances.live_bytes),
        .work = tenure_snapshot_value(tenure_case_last(one),
                                      TENURE_VALUE_ALLOCATED_BLOCKS)};
    charge.since = since_of(p, last, arena);
    tenure_stack_load(stack, &one->series, one->view.symbols, site->call);
    charge.stack = stack_of(one, stack, arena);
    charge.id = tenure_stack_id(stack, &one->series);
    charge.thread =
        keep(arena, tenure_call_thread_name(stack->thread, text, sizeof text));
    return charge;
}

static void add_verdict(struct tenure_charge *charge,
                        const struct tenure_case *one,
                        const struct tenure_finding *finding,
                        struct tenure_stack *stack, struct tenure_arena *arena)
{
    const struct tenure_site_verdict *verdict = finding->verdict;
    char text[TEXT_BYTES];
    charge->class = verdict->class;
    charge->confidence = verdict->confidence;
    charge->rate = verdict->rate;
    charge->seconds_to_limit = verdict->seconds_to_limit;
    charge->leader = finding->leader;
    charge->members = finding->members;
    charge->above = finding->above;
    tenure_verdict_text(verdict, &finding->site->population, text, sizeof text);
    charge->evidence = keep(arena, text);
    uint64_t freed, of;
    charge->freed_at_end =
        tenure_freed_at_end(&finding->site->population, &freed, &of);
    if (verdict->class == TENURE_CLASS_LOST) {
        charge->blocks = verdict->lost_blocks;
        charge->bytes = verdict->lost_bytes;
        charge->below_blocks = verdict->hanging.below_blocks;
        charge->below_bytes = verdict->hanging.below_bytes;
        charge->indirect_blocks = verdict->hanging.indirect_blocks;
        charge->indirect_bytes = verdict->hanging.indirect_bytes;
        charge->error_bytes = sqrt(verdict->hanging.bytes_variance);
    }
    if (verdict->class != TENURE_CLASS_GROWN)
        return;
    charge->error_bytes = 0;
    if (verdict->growth.rises > verdict->growth.falls)
        charge->bytes =
            (uint64_t)(verdict->growth.rises - verdict->growth.falls);
    if (finding->site->grown_by != TENURE_NONE) {
        tenure_stack_load(stack, &one->series, one->view.symbols,
                          finding->site->grown_by);
        charge->grown_by = stack_of(one, stack, arena);
    }
}

static void add_holder(struct tenure_charge *charge,
                       struct tenure_retainers *retainers,
                       struct tenure_arena *arena)
{
    char text[TEXT_BYTES];
    tenure_way_text(retainers, charge->site->call, text, sizeof text);
    if (text[0])
        charge->held_by = keep(arena, text);
}

static void count_with(struct tenure_charge *first,
                       const struct tenure_charge *other)
{
    first->others[first->other_count++] = other->site;
    first->blocks += other->blocks;
    first->bytes += other->bytes;
    first->below_blocks += other->below_blocks;
    first->below_bytes += other->below_bytes;
    first->indirect_blocks += other->indirect_blocks;
    first->indirect_bytes += other->indirect_bytes;
    first->rate += other->rate;
    first->freed_at_end &= other->freed_at_end;
    first->error_bytes = hypot(first->error_bytes, other->error_bytes);
    if (other->seconds_to_limit > 0 &&
        (first->seconds_to_limit <= 0 ||
         other->seconds_to_limit < first->seconds_to_limit))
        first->seconds_to_limit = other->seconds_to_limit;
}

/* Charges that are equal in the source become one; indices are into what is
 * left. What is below other lost blocks is counted there. */
static void merge_equal(struct tenure_case *one, struct tenure_arena *arena)
{
    const struct tenure_finding *findings = one->view.findings.at;
    struct tenure_charge *charges = one->charges;
    uint32_t count = one->charge_count, left = 0;
    uint32_t *place = tenure_arena_take(arena, count + 1, sizeof *place);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = 0;
        while (first < i && (findings[i].source == 0 || findings[i].above > 0 ||
                             findings[first].source != findings[i].source))
            first++;
        place[i] = first < i ? place[first] : left;
        if (first < i) {
            struct tenure_charge *to = &charges[place[i]];
            if (!to->others)
                to->others =
                    tenure_arena_take(arena, count - first, sizeof *to->others);
            count_with(to, &charges[i]);
        } else {
            charges[left++] = charges[i];
        }
    }
    one->charge_count = left;
    for (uint32_t i = 0; i < left; i++) {
        charges[i].leader = place[charges[i].leader];
        if (charges[i].above > 0)
            charges[i].above = place[charges[i].above - 1] + 1;
        charges[i].members = 0;
    }
    for (uint32_t i = 0; i < left; i++)
        if (charges[i].leader != i)
            charges[charges[i].leader].members++;
}

void tenure_charges_make(struct tenure_case *one, struct tenure_arena *arena)
{
    const struct tenure_findings *findings = &one->view.findings;
    struct tenure_stack stack = {0};
    struct tenure_retainers *retainers =
        findings->accused > 0
            ? tenure_retainers_new(&one->series, one->view.symbols)
            : NULL;
    one->charges =
        tenure_arena_take(arena, findings->accused + 1, sizeof *one->charges);
    one->charge_count = findings->accused;
    for (uint32_t i = 0; i < findings->accused; i++) {
        uint32_t grown_by = findings->at[i].site->grown_by;
        if (grown_by != TENURE_NONE)
            tenure_symbols_want(one->view.symbols, grown_by);
    }
    tenure_symbols_resolve(one->view.symbols);
    for (uint32_t i = 0; i < findings->accused; i++) {
        const struct tenure_finding *finding = &findings->at[i];
        one->charges[i] =
            charge_of(one, finding->site, judged_last(finding), &stack, arena);
        add_verdict(&one->charges[i], one, finding, &stack, arena);
        if (!finding->mapping && finding->verdict->class != TENURE_CLASS_LOST)
            add_holder(&one->charges[i], retainers, arena);
    }
    merge_equal(one, arena);
    tenure_retainers_free(retainers);
    tenure_stack_drop(&stack);
}

struct tenure_charge tenure_charge_of_site(const struct tenure_case *one,
                                           const struct tenure_site *site,
                                           struct tenure_arena *arena)
{
    struct tenure_stack stack = {0};
    uint32_t last = site->population.timeline->count - 1;
    struct tenure_charge charge = charge_of(one, site, last, &stack, arena);
    tenure_stack_drop(&stack);
    return charge;
}

/*
 * Reports as JSON, schema 1: the field names are the contract, nothing is
 * cut, numbers are exact.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/findings.h"
#include "report/json.h"
#include "report/memory_series.h"
#include "report/message.h"
#include "report/objects.h"
#include "report/out_json.h"
#include "report/quality.h"
#include "report/retainer.h"
#include "report/three.h"
#include "report/view.h"

static void time_text(struct tenure_json *json, const char *key,
                      uint64_t unix_ns)
{
    char text[40] = "", whole[24];
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) &&
        strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &utc) > 0)
        snprintf(text, sizeof text, "%s.%03uZ", whole,
                 (unsigned)(unix_ns / 1000000 % 1000));
    tenure_json_text(json, key, text);
}

static void process(struct tenure_json *json, const struct tenure_snapshot *s)
{
    const struct tenure_process *p = s->process;
    tenure_json_object(json, "process");
    tenure_json_count(json, "pid", p->pid);
    tenure_json_text(json, "exe", tenure_snapshot_string(s, p->exe));
    tenure_json_text(json, "command", tenure_snapshot_string(s, p->command));
    tenure_json_text(json, "host", tenure_snapshot_string(s, p->host));
    time_text(json, "started", p->started_unix_ns);
    tenure_json_text(json, "allocator",
                     tenure_snapshot_string(s, p->allocator));
    tenure_json_count(json, "sample_bytes", p->sample_bytes);
    tenure_json_end_object(json);
}

/* Only where there are any. */
static void unseen_modules(struct tenure_json *json,
                           const struct tenure_snapshot *s)
{
    if (s->unseen_modules_count == 0)
        return;
    tenure_json_array(json, "unseen_module_paths");
    for (uint64_t i = 0; i < s->unseen_modules_count; i++)
        tenure_json_text(json, NULL,
                         tenure_snapshot_string(s, s->unseen_modules[i].path));
    tenure_json_end_array(json);
}

/* Only where every block was asked for. */
static void objects(struct tenure_json *json, const struct tenure_snapshot *s)
{
    const struct tenure_objects_head *head = s->objects;
    if (!head)
        return;
    tenure_json_object(json, "objects");
    tenure_json_count(json, "blocks", head->blocks);
    tenure_json_count(json, "edges", head->edges);
    tenure_json_count(json, "root_edges", head->roots);
    tenure_json_count(json, "file_bytes", s->objects_bytes);
    tenure_json_truth(json, "marked", head->flags & TENURE_OBJECTS_MARKED);
    tenure_json_text(json, "note", tenure_snapshot_string(s, head->note));
    tenure_json_end_object(json);
}

static void snapshot(struct tenure_json *json, const struct tenure_snapshot *s)
{
    static const char *const triggers[] = {
#define X(name, number, text) [number] = text,
        TENURE_TRIGGERS(X)
#undef X
    };
    static const struct {
        const char *name;
        uint32_t key;
    } values[] = {
#define X(name, key, text, kind) {text, key},
        TENURE_VALUES(X)
#undef X
    };
    const struct tenure_process *p = s->process;
    struct tenure_quality quality[TENURE_QUALITY_MAX];
    uint32_t count = tenure_quality_of(s, quality);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "file", s->path);
    tenure_json_count(json, "seq", p->seq);
    tenure_json_text(json, "kind", p->kind == TENURE_MAJOR ? "major" : "minor");
    tenure_json_text(json, "trigger",
                     p->trigger < sizeof triggers / sizeof *triggers &&
                             triggers[p->trigger]
                         ? triggers[p->trigger]
                         : "");
    time_text(json, "time", p->time_unix_ns);
    tenure_json_real(json, "age_seconds", (double)p->age_ns / 1e9);
    tenure_json_count(json, "generation", p->generation);
    tenure_json_text(json, "label", tenure_snapshot_string(s, p->label));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (values[i].key < TENURE_VALUE_TRUNCATED_STACKS)
            tenure_json_count(json, values[i].name,
                              tenure_snapshot_total(s, values[i].key));
    tenure_json_kinds(json, s);
    tenure_json_count(json, "dropped", tenure_snapshot_dropped(s));
    tenure_json_object(json, "quality");
    for (uint32_t i = 0; i < count; i++)
        tenure_json_count(json, quality[i].name, quality[i].count);
    tenure_json_end_object(json);
    unseen_modules(json, s);
    objects(json, s);
    tenure_json_end_object(json);
}

static void columns(struct tenure_json *json, const struct tenure_columns *c)
{
    tenure_json_count(json, "new", c->new_blocks);
    tenure_json_count(json, "deleted", c->deleted_blocks);
    tenure_json_signed(json, "delta", c->delta);
    tenure_json_count(json, "alloc_bytes", c->alloc_bytes);
    tenure_json_count(json, "freed_bytes", c->freed_bytes);
    tenure_json_signed(json, "size_delta", c->size_delta);
    tenure_json_signed(json, "grown_bytes", c->grown_bytes);
}

/* Standard errors; only where numbers are estimates. */
static void errors(struct tenure_json *json, const struct tenure_view *view,
                   const struct tenure_variances *variances)
{
    if (view->series->timeline.sample_bytes == 0)
        return;
    tenure_json_real(json, "live_blocks_error", sqrt(variances->live_blocks));
    tenure_json_real(json, "live_bytes_error", sqrt(variances->live_bytes));
    tenure_json_real(json, "delta_error", sqrt(variances->delta));
    tenure_json_real(json, "size_delta_error", sqrt(variances->size_delta));
}

static void numbers(struct tenure_json *json, const char *key,
                    const uint64_t *values, uint32_t count)
{
    tenure_json_array(json, key);
    for (uint32_t i = 0; i < count; i++)
        tenure_json_count(json, NULL, values[i]);
    tenure_json_end_array(json);
}

static void frame(struct tenure_json *json, const struct tenure_view *view,
                  const struct tenure_stack_frame *of)
{
    static const char *const kinds[] = {[TENURE_FRAME_NATIVE] = "native",
                                        [TENURE_FRAME_INLINE] = "inline",
                                        [TENURE_FRAME_JIT] = "jit",
                                        [TENURE_FRAME_UNKNOWN] = "unknown"};
    const struct tenure_frame *f = of->frame;
    uint32_t image = of->call->image;
    char title[2048] = "";
    if (f->function[0])
        tenure_frame_title(of, title, sizeof title);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "function", title);
    tenure_json_text(json, "file", f->file);
    tenure_json_count(json, "line", f->line);
    tenure_json_text(json, "module", tenure_frame_module(of, view->series));
    tenure_json_count(json, "offset", of->call->address);
    tenure_json_text(
        json, "build_id",
        image == TENURE_NONE ? "" : view->series->calls.images[image].build_id);
    tenure_json_text(json, "kind", kinds[f->kind]);
    tenure_json_end_object(json);
}

static void frames(struct tenure_json *json, const char *key,
                   const struct tenure_view *view,
                   const struct tenure_stack *stack)
{
    tenure_json_array(json, key);
    for (size_t i = 0; i < stack->count; i++)
        frame(json, view, &stack->at[i]);
    tenure_json_end_array(json);
}

static void cohorts(struct tenure_json *json, const struct tenure_population *p)
{
    tenure_json_array(json, "cohorts");
    for (uint32_t i = 0; i < p->cohort_count; i++) {
        const struct tenure_cohort *cohort = &p->cohorts[i];
        tenure_json_object(json, NULL);
        tenure_json_count(json, "generation", cohort->generation);
        numbers(json, "live_blocks", cohort->blocks, p->timeline->count);
        numbers(json, "live_bytes", cohort->bytes, p->timeline->count);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
}

/* Bytes per second, with the range; seconds to the limit, 0 = none. */
static void rate(struct tenure_json *json,
                 const struct tenure_site_verdict *verdict)
{
    tenure_json_real(json, "rate_bytes_per_second", verdict->rate);
    tenure_json_real(json, "rate_low_bytes_per_second", verdict->rate_low);
    tenure_json_real(json, "rate_high_bytes_per_second", verdict->rate_high);
    tenure_json_real(json, "seconds_to_limit", verdict->seconds_to_limit);
    tenure_json_real(json, "plateau_bytes", verdict->plateau_bytes);
}

static void id(struct tenure_json *json, const char *key,
               const struct tenure_view *view, const struct tenure_stack *stack)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64,
             tenure_stack_id(stack, view->series));
    tenure_json_text(json, key, text);
}

/* The site that this one is a part of, as the text output folds them. */
static void related(struct tenure_json *json, const struct tenure_view *view,
                    const struct tenure_site *leader,
                    struct tenure_stack *stack)
{
    if (!leader) {
        tenure_json_null(json, "related_to");
        return;
    }
    tenure_stack_load(stack, view->series, view->symbols, leader->call);
    id(json, "related_to", view, stack);
}

static void kept(struct tenure_json *json, const struct tenure_site *of)
{
    struct tenure_kept kept = tenure_kept_of(of);
    tenure_json_count(json, "kept_blocks", kept.blocks);
    tenure_json_count(json, "kept_bytes", kept.bytes);
}

static void suppressed(struct tenure_json *json, const struct tenure_view *view,
                       const struct tenure_site *of)
{
    const char *rule =
        view->suppressed_by ? view->suppressed_by(view->gate, of) : NULL;
    if (rule)
        tenure_json_text(json, "suppressed_by", rule);
    else
        tenure_json_null(json, "suppressed_by");
}

/* null: unknown, for want of a mark, or of one of the whole heap. */
static void retained(struct tenure_json *json, const struct tenure_view *view,
                     const struct tenure_site *of)
{
    const struct tenure_site_list *blocks = &view->series->sites;
    bool known = view->series->retained_of != TENURE_NONE;
    if (known && of >= blocks->at && of < blocks->at + blocks->count)
        tenure_json_count(json, "retained_bytes", of->retained_bytes);
    else
        tenure_json_null(json, "retained_bytes");
}

static void retainer(struct tenure_json *json, const struct tenure_view *view,
                     const struct tenure_site *of)
{
    uint32_t count;
    const struct tenure_step *step =
        tenure_retainers_of(view->retainers, of->call, &count);
    tenure_json_array(json, "retainer");
    for (uint32_t i = 0; i < count; i++) {
        char what[2300];
        tenure_json_object(json, NULL);
        tenure_json_text(json, "what",
                         tenure_step_name(&step[i], what, sizeof what));
        tenure_json_count(json, "offset", step[i].offset);
        tenure_json_real(json, "share", step[i].share);
        tenure_json_count(json, "way", step[i].way);
        tenure_json_text(json, "kind", tenure_step_kind(&step[i]));
        tenure_json_text(json, "member", step[i].member);
        if (step[i].times > 1)
            tenure_json_count(json, "times", step[i].times);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
}

static void site(struct tenure_json *json, const struct tenure_view *view,
                 const struct tenure_site *of, const struct tenure_site *leader,
                 struct tenure_stack *stack)
{
    const struct tenure_population *p = &of->population;
    const struct tenure_site_verdict *verdict =
        tenure_verdict_of(&view->judgement, of);
    uint32_t count = p->timeline->count;
    char text[512];
    tenure_stack_load(stack, view->series, view->symbols, of->call);
    tenure_json_object(json, NULL);
    id(json, "id", view, stack);
    tenure_json_text(json, "class", tenure_class_name(verdict->class));
    tenure_json_real(json, "confidence", verdict->confidence);
    tenure_verdict_text(verdict, p, text, sizeof text);
    tenure_json_text(json, "evidence", text);
    suppressed(json, view, of);
    frames(json, "stack", view, stack);
    tenure_json_text(json, "thread",
                     tenure_call_thread_name(stack->thread, text, sizeof text));
    tenure_json_text(json, "phase", tenure_stack_phase(stack));
    tenure_json_text(json, "type",
                     tenure_symbols_type(view->symbols, of->call));
    columns(json, &of->columns);
    errors(json, view, &of->variances);
    numbers(json, "live_blocks", p->live_blocks, count);
    numbers(json, "live_bytes", p->live_bytes, count);
    cohorts(json, p);
    tenure_json_lost(json, of);
    retained(json, view, of);
    rate(json, verdict);
    if (view->three)
        kept(json, of);
    related(json, view, leader, stack);
    if (of->grown_by != TENURE_NONE)
        tenure_stack_load(stack, view->series, view->symbols, of->grown_by);
    else
        stack->count = 0;
    frames(json, "grown_by", view, stack);
    retainer(json, view, of);
    tenure_json_end_object(json);
}

/* Leaders by site, NULL where a site stands for itself. */
static const struct tenure_site **leaders(const struct tenure_view *view,
                                          const struct tenure_site_list *list)
{
    const struct tenure_findings *of = &view->findings;
    const struct tenure_site **leader =
        tenure_zeroed(list->count + 1, sizeof *leader);
    for (uint32_t i = 0; i < of->accused; i++) {
        const struct tenure_finding *finding = &of->at[i];
        if (finding->mapping == (list == &view->series->mappings) &&
            finding->leader != i)
            leader[finding->site - list->at] = of->at[finding->leader].site;
    }
    return leader;
}

static void sites(struct tenure_json *json, const char *key,
                  const struct tenure_view *view,
                  const struct tenure_site_list *list,
                  const struct tenure_lines *lines)
{
    struct tenure_stack stack = {0};
    const struct tenure_site **leader = leaders(view, list);
    tenure_json_array(json, key);
    for (size_t i = 0; i < lines->count; i++) {
        const struct tenure_site *of = lines->at[i].site;
        site(json, view, of, leader[of - list->at], &stack);
    }
    tenure_json_end_array(json);
    tenure_stack_drop(&stack);
    free(leader);
}

static int64_t unknown_bytes(const struct tenure_snapshot *snapshot)
{
    struct tenure_memory_point point = tenure_memory_point_of(snapshot);
    return tenure_memory_unknown(&point);
}

static void memory(struct tenure_json *json, const struct tenure_series *series)
{
    static const struct {
        const char *name;
        uint32_t key;
    } lines[] = {{"rss_bytes", TENURE_VALUE_RSS_BYTES},
                 {"tracked_bytes", TENURE_VALUE_LIVE_BYTES},
                 {"allocator_bytes", TENURE_VALUE_ALLOCATOR_BYTES},
                 {"mapped_bytes", TENURE_VALUE_MAPPED_BYTES}};
    tenure_json_object(json, "memory");
    enum tenure_memory_class class = tenure_memory_of_series(series, NULL);
    tenure_json_text(json, "class", tenure_memory_class_name(class));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        tenure_json_array(json, lines[i].name);
        for (uint32_t k = 0; k < series->timeline.count; k++)
            tenure_json_count(
                json, NULL,
                tenure_snapshot_value(&series->snapshots[k], lines[i].key));
        tenure_json_end_array(json);
    }
    tenure_json_array(json, "unknown_bytes");
    for (uint32_t k = 0; k < series->timeline.count; k++)
        tenure_json_signed(json, NULL, unknown_bytes(&series->snapshots[k]));
    tenure_json_end_array(json);
    tenure_json_end_object(json);
}

void tenure_json_head(struct tenure_json *json, const char *command,
                      const struct tenure_view *view)
{
    const struct tenure_series *series = view->series;
    tenure_json_count(json, "schema", 1);
    tenure_json_text(json, "tool", "tenure " TENURE_VERSION);
    tenure_json_text(json, "command", command);
    process(json, &series->snapshots[series->timeline.count - 1]);
    tenure_json_array(json, "snapshots");
    for (uint32_t i = 0; i < series->timeline.count; i++)
        snapshot(json, &series->snapshots[i]);
    tenure_json_end_array(json);
}

static void outcome(struct tenure_json *json, const struct tenure_outcome *of)
{
    tenure_json_text(json, "verdict", tenure_verdict_name(of->verdict));
    tenure_json_array(json, "reasons");
    for (uint32_t i = 0; i < of->reason_count; i++)
        tenure_json_text(json, NULL, of->reasons[i]);
    tenure_json_end_array(json);
}

void tenure_json_body(struct tenure_json *json, struct tenure_view *view)
{
    const struct tenure_series *series = view->series;
    struct tenure_lines blocks, mappings;
    tenure_lines_make(&blocks, series, &series->sites, view->symbols,
                      TENURE_EVERY, TENURE_GROUP_SITE, view->sort, 0);
    tenure_lines_make(&mappings, series, &series->mappings, view->symbols,
                      TENURE_EVERY, TENURE_GROUP_SITE, view->sort, 0);
    for (size_t i = 0; i < blocks.count; i++)
        if (blocks.at[i].site->grown_by != TENURE_NONE)
            tenure_symbols_want(view->symbols, blocks.at[i].site->grown_by);
    view->retainers = tenure_retainers_new(series, view->symbols);
    tenure_symbols_resolve(view->symbols);
    tenure_json_object(json, "totals");
    columns(json, &series->sites.totals);
    errors(json, view, &series->sites.total_variances);
    tenure_json_end_object(json);
    memory(json, series);
    sites(json, "sites", view, &series->sites, &blocks);
    sites(json, "mappings", view, &series->mappings, &mappings);
    tenure_retainers_free(view->retainers);
    view->retainers = NULL;
    tenure_lines_drop(&blocks);
    tenure_lines_drop(&mappings);
}

static void print(struct tenure_view *view)
{
    struct tenure_json json = {.to = view->paper.to, .lines = 2};
    struct tenure_why why;
    if (view->objects &&
        !tenure_objects_listed(&view->series->snapshots[0], &why)) {
        view->status = tenure_complain("%s", why.text);
        return;
    }
    tenure_json_object(&json, NULL);
    tenure_json_head(&json, view->command, view);
    outcome(&json, &view->outcome);
    tenure_json_body(&json, view);
    if (view->objects)
        tenure_json_objects(&json, view);
    tenure_json_end_object(&json);
}

const struct tenure_output tenure_out_json = {"json", print};

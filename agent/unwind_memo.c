/*
 * Walks, joins the remembered walk where it can, and interns what is new.
 *
 * In goes the state at a call; frames are collected in fresh[] until the
 * stack ends or the rest of stack[] is found to hold still. Then the fresh
 * frames are pushed on what was kept and get nodes in the call tree. A walk
 * that read what may be gone the next time leaves stack[] as it was.
 */
#include "agent/unwind_memo.h"

#include <stdatomic.h>
#include <string.h>

#include "agent/sites.h"

/* A capture in progress. */
struct capture {
    struct tenure__memo *memo;
    struct tenure__walk *walk;
    uint32_t limit;  /* depth_max */
    uint32_t count;  /* frames in fresh[] */
    uint32_t next;   /* stack[next - 1] is the next that may be joined */
    uint32_t proven; /* joined: stack[proven ... next) holds */
    bool joined;     /* fresh[count - 1] is stack[next - 1] */
    bool ended;      /* the last frame has no caller that can be known */
    bool cut_short;  /* it should have one */
};

uint32_t tenure__memo_frames(uint32_t depth_max)
{
    return 3 * depth_max + 2;
}

void tenure__memo_place(struct tenure__memo *memo, struct tenure__frame *memory,
                        uint32_t depth_max)
{
    memo->fresh = memory;
    memo->stack = memory + depth_max + 1;
}

void tenure__memo_drop(struct tenure__memo *memo)
{
    memo->base = memo->cut = memo->top = 0;
    memo->complete = memo->cut_short = false;
}

uint32_t tenure__memo_cut_min(uint32_t depth_max)
{
    return depth_max - depth_max / 2;
}

static uint64_t load(uint64_t address)
{
    return *(const volatile uint64_t *)address;
}

/* The slots by which `frame` was reached still say so. */
static bool slots_hold(const struct tenure__frame *frame)
{
    uint64_t sp = frame->sp;
    if (tenure__unlikely(frame->cfa_words) &&
        load(sp - 8 * (uint64_t)frame->cfa_words) != sp)
        return false;
    if (tenure__arch_strip(load(sp - 8 * (uint64_t)frame->pc_words)) !=
        frame->pc)
        return false;
    return !frame->needs_fp || !frame->fp_words ||
           load(sp - 8 * (uint64_t)frame->fp_words) == frame->fp;
}

/* Appends stack[next - 2 ... proven] to the fresh frames. The fp of frames
 * that did not need it may be of an older walk: it is read anew. */
static void take_over(struct capture *c)
{
    struct tenure__frame *fresh = c->memo->fresh;
    for (uint32_t i = c->next - 1; i > c->proven; i--) {
        const struct tenure__frame *inner = &fresh[c->count - 1];
        struct tenure__frame *frame = &fresh[c->count++];
        *frame = c->memo->stack[i - 1];
        frame->fp = frame->fp_words
                        ? load(frame->sp - 8 * (uint64_t)frame->fp_words)
                        : inner->fp;
    }
    fresh[c->count - 1].uses_fp = false;
}

/* True if the newest fresh frame is a remembered one and the rest of the
 * walk is known from it. Else the frames that are proven by it are fresh. */
static bool join(struct capture *c)
{
    struct tenure__memo *memo = c->memo;
    const struct tenure__frame *stack = memo->stack;
    const struct tenure__frame *at = &memo->fresh[c->count - 1];
    while (c->next > memo->base && stack[c->next - 1].sp < at->sp)
        c->next--;
    if (c->next == memo->base)
        return false;
    const struct tenure__frame *same = &stack[c->next - 1];
    if (same->sp != at->sp || same->pc != at->pc || at->exact ||
        (same->needs_fp && same->fp != at->fp) ||
        (c->walk->wary && !tenure__walk_home(c->walk, at->sp)))
        return false;
    uint32_t wanted = c->limit - c->count;
    uint32_t last =
        c->next - 1 - memo->base <= wanted ? memo->base : c->next - 1 - wanted;
    uint32_t i = c->next - 1;
    while (i > last && slots_hold(&stack[i - 1]))
        i--;
    c->proven = i;
    if (i == last &&
        (i > memo->base || memo->complete || c->next - 1 - i == wanted))
        return true;
    take_over(c);
    c->next = i;
    return false;
}

static void walk(struct capture *c)
{
    struct tenure__frame *fresh = c->memo->fresh;
    while (!(c->joined = join(c))) {
        if (c->count == c->limit)
            return;
        enum tenure__step step =
            tenure__walk_step(c->walk, &fresh[c->count - 1], &fresh[c->count]);
        if (step != TENURE__STEP_ON) {
            c->ended = true;
            c->cut_short = step == TENURE__STEP_CUT;
            return;
        }
        c->count++;
    }
}

/* fresh[i], counted from the innermost, or what follows it in stack[]. */
static struct tenure__frame *frame_at(const struct capture *c, uint32_t i)
{
    if (i < c->count - c->joined)
        return &c->memo->fresh[i];
    return &c->memo->stack[c->next - 1 - (i - (c->count - 1))];
}

/* How many frames a cut stack keeps: it ends at the frame whose pc ranks
 * lowest among those that may be the last, so that a stack that has grown or
 * shrunk by a few frames mostly ends where it did. Only the bits of a pc that
 * address space randomisation leaves alone count: every run cuts alike. */
static uint32_t cut_of(const struct capture *c, uint32_t depth)
{
    uint32_t kept = depth, lowest = UINT32_MAX;
    for (uint32_t i = tenure__memo_cut_min(c->limit); i < depth; i++) {
        uint32_t pc = (uint32_t)frame_at(c, i)->pc & 0xfff;
        uint32_t rank = pc * 2654435761u;
        if (rank < lowest) {
            lowest = rank;
            kept = i + 1;
        }
    }
    return kept;
}

static uint32_t intern(const struct capture *c, uint32_t depth, uint32_t node,
                       bool keep)
{
    while (depth > 0 && node) {
        struct tenure__frame *frame = frame_at(c, --depth);
        node = tenure__site_child(node, frame->pc, frame->exact);
        if (keep)
            frame->node = node;
    }
    return node;
}

/* Makes the fresh frames the inner end of stack[], reversed. */
static void push(struct capture *c, uint32_t kept_depth)
{
    struct tenure__memo *memo = c->memo;
    struct tenure__frame *stack = memo->stack;
    uint32_t base = c->joined ? memo->base : 0;
    uint32_t from = c->joined ? c->next : 0;
    uint32_t fresh = c->joined ? c->count - 1 : c->count;
    bool complete = c->joined ? memo->complete : c->ended;
    if (c->joined) {
        struct tenure__frame *same = &stack[c->next - 1];
        struct tenure__frame *again = &memo->fresh[c->count - 1];
        same->fp = again->fp;
        same->pc_words = again->pc_words;
        same->fp_words = again->fp_words;
        same->cfa_words = again->cfa_words;
        if (from + fresh > 2 * c->limit) {
            complete = complete && base == c->proven;
            base = 0;
            from -= c->proven;
            memmove(stack, stack + c->proven, from * sizeof *stack);
            c->proven = 0;
        }
    }
    bool outer_needs = from > 0 && stack[from - 1].needs_fp;
    bool outer_restored = from > 0 && stack[from - 1].fp_words;
    for (uint32_t i = fresh; i-- > 0;) {
        struct tenure__frame *frame = &memo->fresh[i];
        frame->needs_fp = frame->uses_fp || (outer_needs && !outer_restored);
        outer_needs = frame->needs_fp;
        outer_restored = frame->fp_words;
        stack[from++] = *frame;
    }
    memo->base = base;
    memo->cut = from - kept_depth;
    memo->seen = c->joined ? c->proven : 0;
    memo->complete = complete;
    memo->cut_short = c->cut_short;
    atomic_signal_fence(memory_order_seq_cst);
    memo->top = from;
}

uint32_t tenure__memo_capture(struct tenure__memo *memo,
                              struct tenure__walk *walk_state,
                              const struct tenure__start *start,
                              uint32_t thread_node, uint32_t depth_max,
                              bool *truncated)
{
    struct capture c = {.memo = memo,
                        .walk = walk_state,
                        .limit = depth_max,
                        .count = 1,
                        .next = memo->top};
    memo->fresh[0] = (struct tenure__frame){
        .pc = start->pc, .sp = start->sp, .fp = start->fp};
    if (walk_state->held)
        c.next = memo->base = memo->top = 0;
    walk(&c);
    if (tenure__unlikely(walk_state->lacking) &&
        tenure__walk_from_here(walk_state, start->pc, start->sp)) {
        c.count = 1;
        c.next = memo->top;
        c.ended = c.cut_short = false;
        walk(&c);
    }

    uint32_t depth = c.count;
    bool whole = c.ended;
    if (c.joined) {
        depth += c.next - 1 - c.proven;
        whole = c.proven == memo->base && memo->complete;
        c.cut_short = memo->complete && memo->cut_short;
    }
    *truncated = !whole || c.cut_short;
    uint32_t kept = whole ? depth : cut_of(&c, depth);
    bool keep = walk_state->lasting;
    uint32_t top = c.joined ? c.next + c.count - 1 : 0;
    bool shared = c.joined && kept >= c.count && top - kept == memo->cut;
    uint32_t top_before = memo->top;
    memo->top = memo->base; /* nothing is remembered while it changes */
    atomic_signal_fence(memory_order_seq_cst);
    uint32_t site =
        shared ? intern(&c, c.count - 1, memo->stack[c.next - 1].node, keep)
               : intern(&c, kept, thread_node, keep);
    if (keep && site)
        push(&c, kept);
    else if (!keep)
        memo->top = top_before;
    return site;
}

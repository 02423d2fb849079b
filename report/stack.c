/*
 * Stacks: from a call, by its callers, to frames with names.
 */
#include "report/stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void push(struct tenure_stack *stack, const struct tenure_frame *frame,
                 const struct tenure_call *call)
{
    stack->at =
        tenure_grow(stack->at, stack->count, &stack->room, sizeof *stack->at);
    stack->at[stack->count++] = (struct tenure_stack_frame){frame, call, false};
}

size_t tenure_stack_named(const struct tenure_stack *stack, size_t from)
{
    for (size_t at = from; at < stack->count; at++) {
        const struct tenure_frame *frame = stack->at[at].frame;
        if (!frame->function[0] || strcmp(frame->function, "main") == 0)
            break;
        if (frame->past == 0 && !tenure_is_plumbing(frame->function))
            return at;
    }
    return from;
}

static void find_title(struct tenure_stack *stack)
{
    size_t at = 0;
    while (at < stack->count &&
           tenure_is_plumbing(stack->at[at].frame->function))
        at++;
    if (at == stack->count)
        at = 0; /* nothing but plumbing: then it is the story */
    for (size_t i = 0; i < at; i++)
        stack->at[i].plumbing = true;
    stack->title = tenure_stack_named(stack, at);
}

void tenure_stack_load(struct tenure_stack *stack,
                       const struct tenure_series *series,
                       const struct tenure_symbols *symbols, uint32_t call)
{
    const struct tenure_call *calls = series->calls.calls;
    stack->count = 0;
    for (; calls[call].caller != TENURE_NONE; call = calls[call].caller) {
        const struct tenure_frames *frames = tenure_symbols_of(symbols, call);
        for (uint32_t i = 0; frames && i < frames->count; i++)
            push(stack, &frames->at[i], &calls[call]);
    }
    stack->thread = &calls[call];
    find_title(stack);
}

void tenure_stack_drop(struct tenure_stack *stack)
{
    free(stack->at);
    *stack = (struct tenure_stack){0};
}

const char *tenure_frame_module(const struct tenure_stack_frame *frame,
                                const struct tenure_series *series)
{
    return frame->call->image == TENURE_NONE
               ? ""
               : series->calls.images[frame->call->image].name;
}

const char *tenure_frame_title(const struct tenure_stack_frame *frame,
                               char *text, size_t bytes)
{
    const struct tenure_frame *f = frame->frame;
    if (!f->function[0])
        snprintf(text, bytes, "0x%" PRIx64, frame->call->address);
    else if (f->past)
        snprintf(text, bytes, "%s+0x%" PRIx64, f->function, f->past);
    else
        snprintf(text, bytes, "%s", f->function);
    return text;
}

/* A compiler's clone of a function (f.cold, f.isra.0) is the function. */
static size_t name_bytes(const char *function)
{
    static const char *const clones[] = {
        ".cold", ".part.", ".isra.", ".constprop.", ".lto_priv.", " [clone"};
    size_t bytes = strlen(function);
    for (size_t i = 0; i < sizeof clones / sizeof *clones; i++) {
        const char *at = strstr(function, clones[i]);
        if (at && at != function && (size_t)(at - function) < bytes)
            bytes = (size_t)(at - function);
    }
    return bytes;
}

static bool is_runtime(const char *module)
{
    return strncmp(module, "libc.so", 7) == 0 ||
           strncmp(module, "libc-2.", 7) == 0 ||
           strncmp(module, "libpthread", 10) == 0 ||
           strncmp(module, "ld-linux", 8) == 0;
}

/* How many frames make the site what it is. The outer end, where libc starts
 * the program or the thread, has other names on a machine with libc's debug
 * symbols than on one without. */
static size_t named_frames(const struct tenure_stack *stack,
                           const struct tenure_series *series)
{
    size_t count = stack->count;
    /* Outside of libc's frames stands the program's _start. */
    if (count > 2 &&
        is_runtime(tenure_frame_module(&stack->at[count - 2], series)))
        count--;
    while (count > 1 &&
           is_runtime(tenure_frame_module(&stack->at[count - 1], series)))
        count--;
    return count;
}

uint64_t tenure_stack_id(const struct tenure_stack *stack,
                         const struct tenure_series *series)
{
    struct tenure_checksum hash;
    size_t count = named_frames(stack, series);
    tenure_checksum_start(&hash);
    for (size_t i = 0; i < count; i++) {
        const struct tenure_call *call = stack->at[i].call;
        const char *function = stack->at[i].frame->function;
        const char *module = tenure_frame_module(&stack->at[i], series);
        if (!function[0] && call->image != TENURE_NONE)
            tenure_checksum_add(&hash, &call->address, sizeof call->address);
        tenure_checksum_add(&hash, function, name_bytes(function));
        tenure_checksum_add(&hash, "\n", 1);
        tenure_checksum_add(&hash, module, strlen(module));
        tenure_checksum_add(&hash, "\n", 1);
    }
    tenure_checksum_add(&hash, stack->thread->thread,
                        stack->thread->class_bytes);
    return tenure_checksum_end(&hash);
}

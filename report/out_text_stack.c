/*
 * A stack as text: one line per frame, functions and places aligned.
 *
 * Three kinds of frames are summed up or left out unless --depth=0 asks for
 * every one: what stands between malloc and the function that wanted memory,
 * what lies beyond the depth, and how the program started.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "report/out_text.h"

enum { FUNCTION_COLUMNS = 44, INDENT = 6, PLUMBING_SHOWN = 3 };

/* A path as seen from here, when it is below; Rust's library without the
 * directory that its builders had. */
static const char *near_path(const char *file)
{
    static const char rustc[] = "/rustc/";
    static char here[4096];
    if (strncmp(file, rustc, sizeof rustc - 1) == 0) {
        const char *rest = strchr(file + sizeof rustc - 1, '/');
        return rest ? rest + 1 : file;
    }
    if (!here[0] && (!getcwd(here, sizeof here - 1) || here[1] == 0))
        strcpy(here, "?");
    size_t bytes = strlen(here);
    return strncmp(file, here, bytes) == 0 && file[bytes] == '/'
               ? file + bytes + 1
               : file;
}

/* How a program starts stands at the outer end of every stack, and is never
 * the story. */
static bool is_start(const char *function)
{
    static const char *const names[] = {"__libc_start_call_main",
                                        "__libc_start_main",
                                        "__libc_start_main_impl",
                                        "__libc_init_first",
                                        "_start",
                                        "start_thread",
                                        "clone3",
                                        "__clone3",
                                        "clone"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(function, names[i]) == 0)
            return true;
    return strncmp(function, "std::", 5) == 0 ||
           strncmp(function, "core::", 6) == 0;
}

/* Frames up to where the program's own code starts; Rust's runtime has a
 * main() of its own outside. */
static size_t without_start(const struct tenure_stack *stack)
{
    size_t count = stack->count;
    for (size_t i = stack->title + 1; i < stack->count; i++)
        if (strstr(stack->at[i].frame->function,
                   "__rust_begin_short_backtrace"))
            count = i;
    while (count > stack->title + 1 &&
           is_start(stack->at[count - 1].frame->function))
        count--;
    return count;
}

static void print_place(const struct tenure_view *view,
                        const struct tenure_stack_frame *frame, size_t room)
{
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_frame *f = frame->frame;
    const char *module = tenure_frame_module(frame, view->series);
    const char *problem =
        frame->call->image == TENURE_NONE
            ? NULL
            : tenure_symbols_problem(view->symbols, frame->call->image);
    char place[4096 + 16];
    if (f->file[0]) {
        snprintf(place, sizeof place, "%s:%u", near_path(f->file), f->line);
        tenure_print_cut(paper, place, room, 0);
        fputs("  ", paper->to);
    }
    tenure_ink(paper, TENURE_DIM);
    if (f->kind == TENURE_FRAME_INLINE)
        fputs("inlined", paper->to);
    else
        tenure_print_text(paper, *module                       ? module
                                 : f->kind == TENURE_FRAME_JIT ? "jit"
                                                               : "no module");
    if (f->past)
        fputs(" (nearest symbol)", paper->to);
    if (problem)
        fprintf(paper->to, " (%s)", problem);
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
}

/* Which frames are printed: 0, then `resume` up to `end`; of `count`. */
struct window {
    size_t resume, end, count;
};

static struct window window_of(const struct tenure_view *view,
                               const struct tenure_stack *stack)
{
    struct window window = {1, stack->count, stack->count};
    if (view->depth == 0)
        return window;
    window.count = without_start(stack);
    if (stack->title > PLUMBING_SHOWN)
        window.resume = stack->title;
    window.end = window.count;
    size_t first = window.resume - 1; /* frames summed up */
    if (first + view->depth + 1 < window.count)
        window.end = first + (size_t)view->depth;
    return window;
}

/* Columns for the function; 0 in *cut means that no name is cut. */
static size_t function_columns(const struct tenure_view *view,
                               const struct tenure_stack *stack,
                               const struct window *window)
{
    size_t widest = 0, limit = FUNCTION_COLUMNS;
    char text[2048];
    for (size_t i = 0; i < window->end; i++) {
        if (i > 0 && i < window->resume)
            continue;
        size_t columns = tenure_text_columns(
            tenure_frame_title(&stack->at[i], text, sizeof text));
        widest = columns > widest ? columns : widest;
    }
    if (view->paper.width > 0 && view->paper.width / 2 < limit)
        limit = view->paper.width / 2;
    return widest < limit ? widest : limit;
}

static void print_frame(const struct tenure_view *view,
                        const struct tenure_stack *stack, size_t at, size_t pad)
{
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_stack_frame *frame = &stack->at[at];
    bool terminal = paper->width > 0;
    size_t room = !terminal                 ? SIZE_MAX
                  : paper->width > pad + 40 ? paper->width - pad - 28
                                            : 24;
    char text[2048];
    tenure_frame_title(frame, text, sizeof text);
    fprintf(paper->to, "%*s", INDENT, "");
    tenure_ink(paper, frame->plumbing      ? TENURE_DIM
                      : at == stack->title ? TENURE_BOLD
                                           : TENURE_PLAIN);
    tenure_print_cut(paper, text, terminal ? pad : SIZE_MAX, pad);
    tenure_ink(paper, TENURE_PLAIN);
    fputs("  ", paper->to);
    print_place(view, frame, room);
}

static void print_rest(const struct tenure_view *view, size_t count,
                       const char *what)
{
    tenure_ink(&view->paper, TENURE_DIM);
    fprintf(view->paper.to, "%*s... %zu %s (--depth=0)", INDENT, "", count,
            what);
    tenure_ink(&view->paper, TENURE_PLAIN);
    fputc('\n', view->paper.to);
}

void tenure_text_stack(const struct tenure_view *view,
                       const struct tenure_stack *stack)
{
    const struct tenure_paper *paper = &view->paper;
    char text[256];
    struct window window = window_of(view, stack);
    size_t pad = function_columns(view, stack, &window);
    if (stack->count > 0)
        print_frame(view, stack, 0, pad);
    if (window.resume > 1)
        print_rest(view, window.resume - 1,
                   "frames of allocators and standard libraries");
    for (size_t i = window.resume; i < window.end; i++)
        print_frame(view, stack, i, pad);
    if (window.end < window.count)
        print_rest(view, window.count - window.end, "more frames");
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "%*sthread %s, site %016" PRIx64, INDENT, "",
            tenure_call_thread_name(stack->thread, text, sizeof text),
            tenure_stack_id(stack, view->series));
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
}

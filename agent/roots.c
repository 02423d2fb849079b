/*
 * Finds the roots by looking at every mapping of the walker.
 *
 * In come /proc/self/maps, the stopped threads and the block index; out
 * comes a list of memory. Two sets of ranges are gathered on the way: what
 * is never a root (`never`: the agent's memory, dead stack), and what is
 * none by way of being anonymous memory (`heap`: chunks, living stacks).
 */
#include "agent/format/format.h"
#include "agent/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/modules.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/ranges.h"
#include "agent/retain_frame.h"
#include "agent/roots_agent.h"
#include "agent/roots_glibc.h"
#include "agent/roots_index.h"
#include "agent/roots_thread.h"

/* Of thread-local storage below (x86_64) or above the thread pointer, where
 * it is not at the end of a stack. */
#define TLS_BYTES 8192u

struct search {
    const struct tenure__roots_input *input;
    struct tenure__roots *out;
    struct tenure__roots wanted; /* before the ranges are taken out */
    struct tenure__ranges never, heap;
    const char *allocator; /* part of its file's name */
    struct tenure__root emitting;
    int error;
};

static void want(struct search *search, const struct tenure__root *root)
{
    if (root->start < root->end && !tenure__roots_add(&search->wanted, root))
        search->error = -E2BIG;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- modules ----------------------------------------------------------- */

static const struct tenure__module *module_around(uint64_t address)
{
    uint32_t index = tenure__module_around(address);
    return index != TENURE_NONE ? tenure__module_at(index) : NULL;
}

static bool is_allocator(const struct search *search, const char *path)
{
    return search->allocator != NULL && strstr(path, search->allocator) != NULL;
}

static void want_file(struct search *search, const struct tenure__map *map)
{
    if (map->executable && !map->writable)
        return;
    want(search, &(struct tenure__root){
                     .start = map->start,
                     .end = map->end,
                     .kind = TENURE_RETAINER_GLOBAL,
                     .starts_only = is_allocator(search, map->name),
                     .written_only = true,
                 });
}

/* Where the variables of a module that begin here end; here: there are none.
 * In a hole between its segments lies memory of others. */
static uint64_t variables_end(const struct tenure__module *module,
                              uint64_t here)
{
    for (uint32_t i = 0; module != NULL && i < module->writable_count; i++)
        if (here >= module->writable[i].start && here < module->writable[i].end)
            return module->writable[i].end;
    return here;
}

/* Anonymous memory inside a module's segment is its .bss. What follows it in
 * the same mapping is not. Returns where that begins. */
static uint64_t want_bss(struct search *search, const struct tenure__map *map)
{
    const struct tenure__module *module = module_around(map->start);
    uint64_t end = variables_end(module, map->start);
    if (end == map->start)
        return end;
    end = end < map->end ? end : map->end;
    want(search, &(struct tenure__root){
                     .start = map->start,
                     .end = end,
                     .kind = TENURE_RETAINER_GLOBAL,
                     .starts_only = is_allocator(search, module->path),
                 });
    return end;
}

/* ---- stacks ------------------------------------------------------------ */

static bool is_allocators(const struct tenure__root *named)
{
    return named->kind == TENURE_RETAINER_MAPPING && named->site == 0;
}

/* Its blocks count one by one, and its tables know of all of them. */
static void leave_out_allocator(struct search *search)
{
    const struct tenure__roots *named = search->input->named;
    for (uint32_t i = 0; i < named->count; i++)
        if (is_allocators(&named->root[i]))
            tenure__ranges_add(&search->heap, named->root[i].start,
                               named->root[i].end);
}

/* What the service has mapped around an address. */
static const struct tenure__root *named_around(const struct search *search,
                                               uint64_t address)
{
    const struct tenure__roots *named = search->input->named;
    for (uint32_t i = 0; i < named->count; i++)
        if (named->root[i].kind == TENURE_RETAINER_MAPPING &&
            !is_allocators(&named->root[i]) &&
            address >= named->root[i].start && address < named->root[i].end)
            return &named->root[i];
    return NULL;
}

/* Where the stack around sp begins: behind the own block of any thread below
 * it, and inside what the service has mapped for it. */
static uint64_t stack_bottom(const struct search *search, uint64_t sp,
                             uint64_t start)
{
    const struct tenure__stopped *stopped = search->input->stopped;
    const struct tenure__root *named = named_around(search, sp);
    uint64_t bottom =
        named != NULL && named->start > start ? named->start : start;
    for (uint32_t i = 0; i < stopped->thread_count; i++) {
        uint64_t tp = stopped->thread[i].thread_pointer;
        if (tp >= bottom && tp < sp)
            bottom = tenure__thread_end(tp, bottom);
    }
    return bottom < sp ? bottom : sp;
}

static const struct tenure__stopped_thread *
known(const struct search *search, const struct tenure__stopped_thread *thread)
{
    return search->input->stopped->method == TENURE__STOP_PTRACE ? thread
                                                                 : NULL;
}

/* A thread whose stack pointer is in this mapping. Below it is dead stack if
 * this is the thread's own stack; on a fiber or an alternate stack nobody
 * can say where it begins, so the whole mapping counts. */
static void want_stack(struct search *search,
                       const struct tenure__stopped_thread *thread,
                       const struct tenure__map *map)
{
    const struct tenure__index *index = search->input->index;
    uint64_t sp = tenure__service_stack(thread) & ~7ull, end = map->end;
    uint64_t tp = thread->thread_pointer;
    bool own = (tp > sp && tp < end) || starts_with(map->name, "[stack]");
    uint32_t block = tenure__index_find(index, thread->stack_pointer + 128);
    if (block != TENURE__NO_BLOCK) /* in the heap: below counts as a block */
        end = tenure__index_address(index, block) +
              tenure__index_bytes(index, block);
    else if (tp > sp && tp < end && tenure__thread_end(tp, sp) < end)
        end = tenure__thread_end(tp, sp);
    want(search, &(struct tenure__root){.start = sp,
                                        .end = end,
                                        .kind = TENURE_RETAINER_STACK,
                                        .tid = (uint32_t)thread->tid,
                                        .thread = known(search, thread)});
    tenure__ranges_add(&search->heap, sp, end);
    if (own && block == TENURE__NO_BLOCK)
        tenure__ranges_add(&search->never, stack_bottom(search, sp, map->start),
                           sp);
}

static void want_tls(struct search *search,
                     const struct tenure__stopped_thread *thread,
                     uint64_t start, uint64_t end)
{
    uint64_t tp = thread->thread_pointer & ~7ull;
    uint64_t frames = tenure__stack_end(known(search, thread));
    uint64_t from = tp - start > TLS_BYTES ? tp - TLS_BYTES : start;
    if (frames > start && frames < tp)
        from = (frames + 7) & ~7ull; /* frames of the same stack are none */
    uint64_t to = end - tp > TLS_BYTES ? tp + TLS_BYTES : end;
    want(search, &(struct tenure__root){.start = from,
                                        .end = to,
                                        .kind = TENURE_RETAINER_TLS,
                                        .tid = (uint32_t)thread->tid,
                                        .thread = known(search, thread)});
}

static bool is_within(uint64_t address, uint64_t start, uint64_t end)
{
    return address >= start && address < end;
}

/* The threads of this mapping; true if one has its own block there. */
static bool want_threads(struct search *search, const struct tenure__map *map)
{
    uint64_t start = map->start, end = map->end;
    const struct tenure__stopped *stopped = search->input->stopped;
    bool lives = false;
    for (uint32_t i = 0; i < stopped->thread_count; i++) {
        const struct tenure__stopped_thread *thread = &stopped->thread[i];
        if (!thread->stopped)
            continue;
        if (is_within(thread->stack_pointer + 128, start, end))
            want_stack(search, thread, map);
        if (is_within(thread->thread_pointer, start, end)) {
            want_tls(search, thread, start, end);
            tenure__agent_variables(thread->thread_pointer, &search->never);
            lives = true;
        }
    }
    return lives;
}

/* The stack of a thread that has ended keeps what it last held. glibc keeps
 * such stacks for the next thread; their memory is a root no longer. */
static void leave_out_dead(struct search *search, uint64_t start, uint64_t end)
{
    const struct tenure__stopped *stopped = search->input->stopped;
    if (stopped->thread_count == 0 || stopped->unstopped > 0)
        return; /* it may be the stack of one we know nothing about */
    struct tenure__range stack;
    uint64_t thread;
    if (!tenure__thread_stack(start, end, &stack, &thread))
        return;
    uint64_t result = tenure__glibc_result(thread);
    if (result != 0) {
        want(search, &(struct tenure__root){.start = result,
                                            .end = result + 8,
                                            .kind = TENURE_RETAINER_TLS});
        tenure__ranges_add(&search->never, stack.start, result);
        stack.start = result + 8;
    }
    tenure__ranges_add(&search->never, stack.start, stack.end);
}

/* ---- mappings ---------------------------------------------------------- */

static bool is_deleted(const char *name)
{
    static const char deleted[] = " (deleted)";
    size_t length = strlen(name), wanted = sizeof deleted - 1;
    return length > wanted &&
           memcmp(name + length - wanted, deleted, wanted) == 0;
}

/* Of a file, if not of a very large one: a database's. */
static bool is_regular(const struct tenure__map *map)
{
    struct stat file;
    if (map->name[0] != '/' || starts_with(map->name, "/dev/") ||
        map->end - map->start > TENURE_SHARED_FILE_MAX)
        return false;
    if (tenure__syscall4(SYS_newfstatat, AT_FDCWD, map->name, &file, 0) == 0)
        return S_ISREG(file.st_mode) && file.st_ino == map->inode;
    return is_deleted(map->name);
}

/* Devices are never read. */
static bool is_shared_memory(const struct tenure__map *map)
{
    return map->writable &&
           (is_regular(map) || starts_with(map->name, "/dev/shm/") ||
            starts_with(map->name, "/dev/zero") ||
            starts_with(map->name, "/memfd:") ||
            starts_with(map->name, "/SYSV") ||
            starts_with(map->name, "anon_inode:[io_uring]"));
}

/* What the service has named of this mapping. Memory it has mapped counts
 * unless blocks lie in it: then it was an allocator that asked. */
static void want_named(struct search *search, const struct tenure__map *map)
{
    const struct tenure__roots *named = search->input->named;
    for (uint32_t i = 0; i < named->count; i++) {
        struct tenure__root root = named->root[i];
        if (root.start < map->start)
            root.start = map->start;
        if (root.end > map->end)
            root.end = map->end;
        if (root.start >= root.end || is_allocators(&root) ||
            (root.kind == TENURE_RETAINER_MAPPING && map->shared))
            continue;
        root.shared = map->shared;
        if (root.kind != TENURE_RETAINER_MAPPING ||
            !tenure__index_has(search->input->index, root.start, root.end))
            want(search, &root);
    }
}

static void want_anonymous(struct search *search, const struct tenure__map *map)
{
    uint64_t start = want_bss(search, map), end = map->end;
    const struct tenure__index *index = search->input->index;
    if (start == end)
        return;
    bool lives = want_threads(search, map);
    if (!lives && map->name[0] == 0)
        leave_out_dead(search, start, end);
    if (search->input->glibc && starts_with(map->name, "[heap]"))
        tenure__ranges_add(&search->heap, start, end);
    else if (search->input->glibc)
        tenure__glibc_heap(index, start, end, &search->heap);
    else if (tenure__index_has(index, start, end))
        tenure__ranges_add(&search->heap, start, end);
    want(search, &(struct tenure__root){.start = start,
                                        .end = end,
                                        .kind = TENURE_RETAINER_MAPPING,
                                        .code = map->executable});
}

static void look_at(struct search *search, const struct tenure__map *map)
{
    if (!map->readable || starts_with(map->name, "[v"))
        return;
    want_named(search, map);
    if (map->shared && is_shared_memory(map))
        want(search, &(struct tenure__root){.start = map->start,
                                            .end = map->end,
                                            .kind = TENURE_RETAINER_MAPPING,
                                            .shared = true});
    else if (!map->shared && map->inode != 0)
        want_file(search, map);
    else if (!map->shared)
        want_anonymous(search, map);
}

static int look_at_all(struct search *search)
{
    char buffer[8192];
    struct tenure__maps maps;
    struct tenure__map map;
    int error = tenure__maps_open(&maps, buffer, sizeof buffer);
    if (error != 0)
        return error;
    while (tenure__maps_next(&maps, &map))
        look_at(search, &map);
    tenure__maps_close(&maps);
    return search->error;
}

static void leave_out_agent(struct search *search)
{
    struct tenure__range range;
    for (uint32_t i = 0; tenure__os_mapped(i, &range); i++)
        tenure__ranges_add(&search->never, range.start, range.end);
    const struct tenure__module *ours =
        module_around((uint64_t)tenure__roots_find);
    if (ours != NULL && strstr(ours->path, "libtenure") != NULL)
        tenure__ranges_add(&search->never, ours->start, ours->end);
}

static void emit(uint64_t start, uint64_t end, void *with)
{
    struct search *search = with;
    struct tenure__root root = search->emitting;
    root.start = start;
    root.end = end;
    if (!tenure__roots_add(search->out, &root))
        search->error = -E2BIG;
}

/* The wanted memory without the ranges. */
static int settle(struct search *search)
{
    for (uint32_t i = 0; i < search->never.count; i++)
        tenure__ranges_add(&search->heap, search->never.range[i].start,
                           search->never.range[i].end);
    tenure__ranges_sort(&search->never);
    tenure__ranges_sort(&search->heap);
    if (search->heap.count == search->heap.capacity)
        return -E2BIG;
    for (uint32_t i = 0; i < search->wanted.count; i++) {
        search->emitting = search->wanted.root[i];
        bool nameless = !search->input->heap_counts &&
                        search->emitting.kind == TENURE_RETAINER_MAPPING &&
                        named_around(search, search->emitting.start) == NULL;
        tenure__ranges_rest(nameless ? &search->heap : &search->never,
                            search->emitting.start, search->emitting.end, emit,
                            search);
    }
    return search->error;
}

int tenure__roots_find(const struct tenure__roots_input *input,
                       struct tenure__roots *roots)
{
    struct search search = {
        .input = input,
        .out = roots,
        .allocator = input->glibc ? "/libc.so" : NULL,
    };
    int error = tenure__roots_open(roots, TENURE_ROOTS_MAX) |
                tenure__roots_open(&search.wanted, TENURE_ROOTS_MAX) |
                tenure__ranges_open(&search.never, TENURE_ROOTS_RANGES_MAX) |
                tenure__ranges_open(&search.heap, TENURE_ROOTS_RANGES_MAX);
    if (error == 0) {
        leave_out_agent(&search);
        leave_out_allocator(&search);
        error = look_at_all(&search);
    }
    if (error == 0)
        error = settle(&search);
    tenure__roots_drop(&search.wanted);
    tenure__ranges_drop(&search.never);
    tenure__ranges_drop(&search.heap);
    if (error != 0)
        tenure__roots_drop(roots);
    return error;
}

/*
 * Compares a site with libunwind's own walk, frame by frame.
 *
 * libunwind starts from here, with all registers, so the agent's own frames
 * are stepped over until the state of the hook's caller is reached. Its cache
 * is switched off: it holds a lock while it waits for the loader's, which
 * must not happen in malloc, and it outlives an unloaded object.
 */
#include "agent/unwind_verify.h"

#include <dlfcn.h>
#include <errno.h>
#include <ucontext.h>

#include "agent/sites.h"
#include "agent/unwind_arch.h"

#define CURSOR_WORDS 4096 /* no libunwind's unw_cursor_t is larger */
#define PCS_MAX 600
#define OWN_FRAMES_MAX 16
#define NO_CACHE 0

struct tenure__verify {
    uint32_t count;
    uint64_t pcs[PCS_MAX];
    ucontext_t context;
    uint64_t cursor[CURSOR_WORDS];
};

static struct {
    int (*init)(void *cursor, void *context);
    int (*step)(void *cursor);
    int (*get)(void *cursor, int reg, uint64_t *value);
} oracle;

int tenure__verify_open(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return -ENOENT;
    int (*set_policy)(void *, int) = (int (*)(void *, int))dlsym(
        library, TENURE_ARCH_LIBUNWIND "set_caching_policy");
    void **local = dlsym(library, TENURE_ARCH_LIBUNWIND "local_addr_space");
    oracle.init = (int (*)(void *, void *))dlsym(library, TENURE_ARCH_LIBUNWIND
                                                 "init_local");
    oracle.step = (int (*)(void *))dlsym(library, TENURE_ARCH_LIBUNWIND "step");
    oracle.get = (int (*)(void *, int, uint64_t *))dlsym(
        library, TENURE_ARCH_LIBUNWIND "get_reg");
    if (!set_policy || !local || !oracle.init || !oracle.step || !oracle.get)
        return -ENOENT;
    return set_policy(*local, NO_CACHE) == 0 ? 0 : -ENOENT;
}

size_t tenure__verify_bytes(void)
{
    return sizeof(struct tenure__verify);
}

/* Puts the cursor on the frame of `start`; false if it is not found. */
static bool find_start(struct tenure__verify *v,
                       const struct tenure__start *start)
{
    for (int i = 0; i < OWN_FRAMES_MAX; i++) {
        uint64_t pc = 0, sp = 0;
        oracle.get(v->cursor, TENURE_ARCH_LIBUNWIND_PC, &pc);
        oracle.get(v->cursor, TENURE_ARCH_SP, &sp);
        if (pc == start->pc && sp == start->sp)
            return true;
        if (oracle.step(v->cursor) <= 0)
            return false;
    }
    return false;
}

static void collect(struct tenure__verify *v)
{
    do {
        uint64_t pc = 0;
        if (oracle.get(v->cursor, TENURE_ARCH_LIBUNWIND_PC, &pc) != 0 ||
            pc == 0)
            return;
        v->pcs[v->count++] = pc;
    } while (v->count < PCS_MAX && oracle.step(v->cursor) > 0);
}

bool tenure__verify(struct tenure__verify *v, const struct tenure__start *start,
                    uint32_t site, uint32_t cut_min)
{
    v->count = 0;
    if (getcontext(&v->context) != 0 ||
        oracle.init(v->cursor, &v->context) != 0 || !find_start(v, start))
        return false;
    collect(v);
    struct tenure__node node;
    uint32_t depth = 0, id = site;
    for (; tenure__site_get(id, &node) && node.tag != TENURE__NODE_THREAD;
         id = node.parent, depth++) {
        if (depth < v->count && v->pcs[depth] != node.pc)
            return false;
    }
    return depth >= v->count || depth >= cut_min;
}

const uint64_t *tenure__verify_pcs(const struct tenure__verify *v,
                                   uint32_t *count)
{
    *count = v->count;
    return v->pcs;
}

/*
 * The table of mapped ELF objects.
 *
 * Entries come from the loader's own list (dl_iterate_phdr), are completed
 * with the build-id that stands in the mapped notes, and stay for ever; only
 * their unload epoch is written later. New entries are filled beyond the
 * published count and published last, after what went has been retired from
 * the call tree, so that no reader ever sees half of one.
 */
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "loader.h"
#include "os.h"
#include "sites.h"
#include "unwind.h"

#define PATH_BYTES 4096u
#define ARENA_BYTES 65536u

static struct tenure__module *table;
static _Atomic uint32_t published;

/* The pid of the process that is refreshing, 0 if none is: a child that was
 * forked in the middle of it knows that its parent's lock is not its own. */
static _Atomic int owner;

/* All below: guarded by the lock. */
static uint32_t live[TENURE_MODULES_LIVE_MAX]; /* indices of what is mapped */
static uint8_t seen[TENURE_MODULES_LIVE_MAX / 8]; /* by place in live */
static uint32_t live_count;
static uint32_t epoch;
static uint64_t last_adds, last_subs;
static char *arena;
static size_t arena_left;

struct pass {
    uint32_t live;   /* objects known before */
    uint32_t filled; /* published entries and the new ones behind them */
    uint64_t adds, subs;
    int error;
};

static void lock(void)
{
    int self = tenure__os_pid();
    int holder = 0;
    while (!atomic_compare_exchange_weak(&owner, &holder, self)) {
        if (holder != self && holder != 0 &&
            atomic_compare_exchange_strong(&owner, &holder, self))
            return;
        holder = 0;
        tenure__syscall0(SYS_sched_yield);
    }
}

static void unlock(void)
{
    atomic_store(&owner, 0);
}

/* A plugin that comes and goes has one path, not one for each time. */
static const char *known_path(const char *text)
{
    uint32_t count = atomic_load_explicit(&published, memory_order_relaxed);
    for (uint32_t i = count; i-- > 0;) {
        if (strcmp(table[i].path, text) == 0)
            return table[i].path;
    }
    return NULL;
}

static const char *keep(const char *text)
{
    const char *known = known_path(text);
    if (known)
        return known;
    size_t bytes = strlen(text) + 1;
    if (bytes > arena_left) {
        char *fresh = tenure__os_map(ARENA_BYTES);
        if (!fresh)
            return NULL;
        arena = fresh;
        arena_left = ARENA_BYTES;
    }
    char *kept = memcpy(arena, text, bytes);
    arena += bytes;
    arena_left -= bytes;
    return kept;
}

/* The loader knows the main program as "" and the kernel's page by a name
 * that is no file. */
static const char *path_of(const struct dl_phdr_info *info, char *buffer)
{
    if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return "[vdso]";
    if (info->dlpi_name && info->dlpi_name[0])
        return strlen(info->dlpi_name) < PATH_BYTES ? info->dlpi_name : "";
    long bytes = tenure__syscall4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
                                  buffer, PATH_BYTES - 1);
    buffer[bytes > 0 ? bytes : 0] = 0;
    return buffer;
}

static void take_build_id(struct tenure__module *module, uint64_t at,
                          uint64_t bytes, uint64_t align)
{
    uint64_t end = at + bytes;
    align = align == 8 ? 8 : 4;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
        uint64_t name = at + sizeof *note;
        uint64_t data = (name + note->n_namesz + align - 1) & ~(align - 1);
        if (data + note->n_descsz > end)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp((const void *)name, "GNU", 4) == 0) {
            module->build_id_bytes = note->n_descsz < sizeof module->build_id
                                         ? note->n_descsz
                                         : (uint32_t)sizeof module->build_id;
            memcpy(module->build_id, (const void *)data,
                   module->build_id_bytes);
            return;
        }
        at = (data + note->n_descsz + align - 1) & ~(align - 1);
    }
}

/* Everything but the path and the epochs. False if nothing is mapped. */
static bool describe(const struct dl_phdr_info *info,
                     struct tenure__module *module)
{
    uint64_t page = tenure__os_page_bytes();
    memset(module, 0, sizeof *module);
    module->start = UINT64_MAX;
    module->bias = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD) {
            uint64_t end = (at + segment->p_memsz + page - 1) & ~(page - 1);
            at &= ~(page - 1);
            module->start = at < module->start ? at : module->start;
            module->end = end > module->end ? end : module->end;
        } else if (segment->p_type == PT_GNU_EH_FRAME) {
            module->eh_frame_hdr = at;
        } else if (segment->p_type == PT_NOTE && !module->build_id_bytes) {
            take_build_id(module, at, segment->p_memsz, segment->p_align);
        }
    }
    return module->start < module->end;
}

static bool same(const struct tenure__module *a, const struct tenure__module *b,
                 const char *path)
{
    return a->start == b->start && a->end == b->end && a->bias == b->bias &&
           a->build_id_bytes == b->build_id_bytes &&
           memcmp(a->build_id, b->build_id, sizeof a->build_id) == 0 &&
           strcmp(a->path, path) == 0;
}

static int take_object(struct dl_phdr_info *info, size_t size, void *context)
{
    static char buffer[PATH_BYTES]; /* guarded by the lock */
    struct pass *pass = context;
    (void)size;
    if (pass->adds == 0 && info->dlpi_adds != 0) {
        pass->adds = info->dlpi_adds;
        pass->subs = info->dlpi_subs;
        if (pass->adds == last_adds && pass->subs == last_subs)
            return 1;
    }
    struct tenure__module module;
    if (!describe(info, &module))
        return 0;
    const char *path = path_of(info, buffer);
    for (uint32_t i = 0; i < pass->live; i++) {
        if (same(&table[live[i]], &module, path)) {
            seen[i / 8] |= (uint8_t)(1u << i % 8);
            return 0;
        }
    }
    bool room = pass->filled < TENURE_MODULES_MAX &&
                live_count < TENURE_MODULES_LIVE_MAX;
    module.path = room ? keep(path) : NULL;
    if (!module.path) {
        pass->error = -ENOMEM;
        return 0;
    }
    module.load_epoch = epoch + 1;
    live[live_count++] = pass->filled;
    table[pass->filled++] = module;
    return 0;
}

/* Retires what the loader did not name of the first `count` that were live;
 * true if there was any. */
static bool retire_gone(uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < live_count; i++) {
        struct tenure__module *module = &table[live[i]];
        if (i >= count || seen[i / 8] >> i % 8 & 1) {
            live[kept++] = live[i];
            continue;
        }
        __atomic_store_n(&module->unload_epoch, epoch + 1, __ATOMIC_RELEASE);
        tenure__sites_retire(module->start, module->end, epoch + 1);
    }
    bool any = kept < live_count;
    live_count = kept;
    return any;
}

typedef int each_object(int (*visit)(struct dl_phdr_info *info, size_t bytes,
                                     void *with),
                        void *with);

static int refresh_locked(each_object *each)
{
    if (!table)
        table = tenure__os_map(TENURE_MODULES_MAX * sizeof *table);
    if (!table)
        return -ENOMEM;
    uint32_t count = atomic_load_explicit(&published, memory_order_relaxed);
    struct pass pass = {.live = live_count, .filled = count};
    memset(seen, 0, sizeof seen);
    int stopped = each(take_object, &pass);
    if (stopped > 0)
        return 0;
    /* An incomplete list adds what is new and says nothing of what went. */
    if (stopped < 0)
        memset(seen, 0xff, sizeof seen);
    last_adds = pass.adds;
    last_subs = pass.subs;
    bool changed = retire_gone(pass.live) || pass.filled > count;
    atomic_store_explicit(&published, pass.filled, memory_order_release);
    if (changed) {
        epoch++;
        tenure__unwind_forget();
    }
    return pass.error;
}

static int refresh(each_object *each)
{
    lock();
    int error = refresh_locked(each);
    unlock();
    return error;
}

int tenure__modules_refresh(void)
{
    return refresh(dl_iterate_phdr);
}

int tenure__modules_refresh_in_helper(void)
{
    return refresh(tenure__loader_each);
}

uint32_t tenure__modules_count(void)
{
    return atomic_load_explicit(&published, memory_order_acquire);
}

const struct tenure__module *tenure__module_at(uint32_t index)
{
    return &table[index];
}

void tenure__modules_unload_begin(void)
{
    tenure__unwind_hold();
    /* What is about to go must have been in the table, however short a
     * time it was there. */
    tenure__modules_refresh();
}

void tenure__modules_unload_end(void)
{
    tenure__modules_refresh();
    tenure__unwind_release();
}

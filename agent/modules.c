/*
 * The table of mapped ELF objects.
 *
 * Entries come from the loader's own list (dl_iterate_phdr), are completed
 * with the build-id that stands in the mapped notes, and stay for ever; only
 * their epochs are written later. New entries are filled beyond the
 * published count and published last, after what went has been retired from
 * the call tree, so that no reader ever sees half of one.
 */
#include "agent/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "agent/bindings.h"
#include "agent/format/format.h"
#include "agent/loader.h"
#include "agent/lock.h"
#include "agent/os.h"
#include "agent/sites.h"
#include "agent/unwind.h"

#define ARENA_BYTES 65536u

struct tenure__code tenure__hooks_code, tenure__allocator_code;

static struct tenure__module *table;
static _Atomic uint32_t published;

static struct {
    struct tenure__lock lock; /* protects the rest, and the table's end */
    uint32_t live[TENURE_MODULES_LIVE_MAX];    /* indices of what is mapped */
    uint8_t seen[TENURE_MODULES_LIVE_MAX / 8]; /* by place in live */
    uint32_t live_count;
    uint32_t epoch;
    uint64_t last_adds, last_subs;
    char *arena;
    size_t arena_left;
} state;

struct pass {
    uint32_t live;   /* objects known before */
    uint32_t filled; /* published entries and the new ones behind them */
    uint64_t adds, subs;
    tenure__read *read;
    bool elsewhere; /* other namespaces have been looked at */
    int error;
};

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
    if (bytes > state.arena_left) {
        char *fresh = tenure__os_map(ARENA_BYTES);
        if (!fresh)
            return NULL;
        state.arena = fresh;
        state.arena_left = ARENA_BYTES;
    }
    char *kept = memcpy(state.arena, text, bytes);
    state.arena += bytes;
    state.arena_left -= bytes;
    return kept;
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return tenure__syscall4(SYS_newfstatat, AT_FDCWD, one, &a, 0) == 0 &&
           tenure__syscall4(SYS_newfstatat, AT_FDCWD, other, &b, 0) == 0 &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* By the name it was executed by ("redis-server"), where that leads to it
 * from everywhere, rather than that of the file behind ("redis-check-rdb").
 * Asked once: the name may lead elsewhere later. */
static const char *program_path(void)
{
    static char path[TENURE_PATH_BYTES];
    const char *executed = (const char *)getauxval(AT_EXECFN);
    if (path[0] != 0)
        return path;
    long bytes = tenure__syscall4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
                                  path, TENURE_PATH_BYTES - 1);
    path[bytes > 0 ? bytes : 0] = 0;
    size_t length = executed != NULL ? strlen(executed) : 0;
    if (length > 0 && length < TENURE_PATH_BYTES && executed[0] == '/' &&
        strncmp(executed, "/proc/", 6) != 0 && is_same_file(executed, path))
        memcpy(path, executed, length + 1);
    return path;
}

/* The loader knows the main program as "" and the kernel's page by a name
 * that is no file. */
static const char *path_of(const struct dl_phdr_info *info)
{
    if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return "[vdso]";
    if (info->dlpi_name && info->dlpi_name[0])
        return strlen(info->dlpi_name) < TENURE_PATH_BYTES ? info->dlpi_name
                                                           : "";
    return program_path();
}

static void take_build_id(struct tenure__module *module, tenure__read *read,
                          uint64_t at, uint64_t bytes, uint64_t align)
{
    uint64_t end = at + bytes;
    ElfW(Nhdr) note;
    char owner[4];
    align = align == 8 ? 8 : 4;
    while (at + sizeof note <= end && read(&note, at, sizeof note) == 0) {
        uint64_t name = at + sizeof note;
        uint64_t data = (name + note.n_namesz + align - 1) & ~(align - 1);
        if (data + note.n_descsz > end)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            read(owner, name, 4) == 0 && memcmp(owner, "GNU", 4) == 0) {
            uint32_t room = sizeof module->build_id;
            uint32_t taken = note.n_descsz < room ? note.n_descsz : room;
            if (read(module->build_id, data, taken) == 0)
                module->build_id_bytes = taken;
            return;
        }
        at = (data + note.n_descsz + align - 1) & ~(align - 1);
    }
}

static void take_segment(struct tenure__module *module, uint64_t start,
                         uint64_t end, bool is_writable)
{
    module->start = start < module->start ? start : module->start;
    module->end = end > module->end ? end : module->end;
    if (!is_writable)
        return;
    uint32_t last = module->writable_count - 1;
    if (module->writable_count < TENURE_MODULE_WRITABLE_MAX)
        module->writable[last = module->writable_count++].start = start;
    module->writable[last].end = end;
}

/* Everything but the path and the epochs. False if nothing is mapped. */
static bool describe(const struct dl_phdr_info *info, tenure__read *read,
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
            take_segment(module, at & ~(page - 1), end,
                         (segment->p_flags & PF_W) != 0);
        } else if (segment->p_type == PT_GNU_EH_FRAME) {
            module->eh_frame_hdr = at;
        } else if (segment->p_type == PT_DYNAMIC) {
            module->dynamic = at;
        } else if (segment->p_type == PT_NOTE && !module->build_id_bytes) {
            take_build_id(module, read, at, segment->p_memsz, segment->p_align);
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

/* The entry of an object that went and is this one, or `published`. Without
 * a build-id nobody knows: a file may have been built anew. */
static uint32_t entry_again(const struct tenure__module *module,
                            const char *path)
{
    uint32_t count = atomic_load_explicit(&published, memory_order_relaxed);
    uint32_t i = module->build_id_bytes ? 0 : count;
    while (i < count &&
           (table[i].unload_epoch == 0 || !same(&table[i], module, path)))
        i++;
    return i;
}

static bool live_again(uint32_t index, uint32_t from)
{
    for (uint32_t i = from; i < state.live_count; i++)
        if (state.live[i] == index)
            return true;
    return false;
}

/* What was there at the start is bound as the loader binds: to the hooks,
 * which stand behind the program alone. With the lock held, and with a reader
 * that fits who is asking. */
static void look_at(uint32_t index, tenure__read *read)
{
    if (table[index].load_epoch != 1)
        tenure__bindings_look(index, &table[index], read);
}

static void look_at_live(tenure__read *read)
{
    for (uint32_t i = 0; i < state.live_count; i++)
        look_at(state.live[i], read);
}

/* With the lock held. */
static int take_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct pass *pass = context;
    (void)size;
    if (!pass->elsewhere)
        tenure__bindings_look_elsewhere(pass->read);
    pass->elsewhere = true;
    if (pass->adds == 0 && info->dlpi_adds != 0) {
        pass->adds = info->dlpi_adds;
        pass->subs = info->dlpi_subs;
        if (pass->adds == state.last_adds && pass->subs == state.last_subs) {
            look_at_live(pass->read);
            return 1;
        }
    }
    struct tenure__module module;
    if (!describe(info, pass->read, &module))
        return 0;
    const char *path = path_of(info);
    for (uint32_t i = 0; i < pass->live; i++) {
        if (same(&table[state.live[i]], &module, path)) {
            state.seen[i / 8] |= (uint8_t)(1u << i % 8);
            look_at(state.live[i], pass->read);
            return 0;
        }
    }
    uint32_t again = entry_again(&module, path);
    if (again < atomic_load_explicit(&published, memory_order_relaxed) &&
        state.live_count < TENURE_MODULES_LIVE_MAX) {
        if (!live_again(again, pass->live))
            state.live[state.live_count++] = again;
        look_at(again, pass->read);
        return 0;
    }
    bool room = pass->filled < TENURE_MODULES_MAX &&
                state.live_count < TENURE_MODULES_LIVE_MAX;
    module.path = room ? keep(path) : NULL;
    if (!module.path) {
        pass->error = -ENOMEM;
        return 0;
    }
    module.load_epoch = state.epoch + 1;
    state.live[state.live_count++] = pass->filled;
    table[pass->filled] = module;
    look_at(pass->filled++, pass->read);
    return 0;
}

/* Retires what the loader did not name of the first `count` that were live;
 * true if there was any. With the lock held. */
static bool retire_gone(uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state.live_count; i++) {
        struct tenure__module *module = &table[state.live[i]];
        if (i >= count || state.seen[i / 8] >> i % 8 & 1) {
            state.live[kept++] = state.live[i];
            continue;
        }
        __atomic_store_n(&module->unload_epoch, state.epoch + 1,
                         __ATOMIC_RELEASE);
        tenure__sites_retire(module->start, module->end, state.live[i] + 1);
        tenure__bindings_forget(state.live[i], module);
    }
    bool any = kept < state.live_count;
    state.live_count = kept;
    return any;
}

/* The entries that are live again, behind the first `count`: only now, when
 * whatever was in their place is retired. With the lock held. */
static void revive(uint32_t count)
{
    for (uint32_t i = count; i < state.live_count; i++) {
        struct tenure__module *module = &table[state.live[i]];
        if (module->unload_epoch == 0)
            continue;
        module->load_epoch = state.epoch + 1;
        __atomic_store_n(&module->unload_epoch, 0, __ATOMIC_RELEASE);
    }
}

typedef int each_object(int (*visit)(struct dl_phdr_info *info, size_t bytes,
                                     void *with),
                        void *with);

/* With the lock held. */
static int refresh_locked(each_object *each, tenure__read *read)
{
    if (!table)
        table = tenure__os_map(TENURE_MODULES_MAX * sizeof *table);
    if (!table)
        return -ENOMEM;
    uint32_t count = atomic_load_explicit(&published, memory_order_relaxed);
    struct pass pass = {
        .live = state.live_count, .filled = count, .read = read};
    memset(state.seen, 0, sizeof state.seen);
    int stopped = each(take_object, &pass);
    if (stopped > 0)
        return 0;
    /* An incomplete list adds what is new and says nothing of what went. */
    if (stopped < 0)
        memset(state.seen, 0xff, sizeof state.seen);
    state.last_adds = pass.adds;
    state.last_subs = pass.subs;
    uint32_t came = state.live_count - pass.live;
    bool changed = retire_gone(pass.live) || came > 0;
    revive(state.live_count - came);
    atomic_store_explicit(&published, pass.filled, memory_order_release);
    if (changed) {
        state.epoch++;
        tenure__unwind_forget();
    }
    return pass.error;
}

static int refresh(each_object *each, tenure__read *read)
{
    if (!tenure__lock_take(&state.lock, TENURE_MODULES_WAIT_MS))
        return -ETIMEDOUT;
    int error = refresh_locked(each, read);
    tenure__lock_give(&state.lock);
    return error;
}

int tenure__modules_refresh(void)
{
    return refresh(dl_iterate_phdr, tenure__loader_copy);
}

int tenure__modules_refresh_in_helper(void)
{
    return refresh(tenure__loader_each, tenure__loader_read);
}

/* Whoever held the lock does not exist here, and may have left the list of
 * the living half changed: it is made anew from the table. */
void tenure__modules_after_fork(void)
{
    uint32_t count = atomic_load_explicit(&published, memory_order_relaxed);
    if (state.lock.word == 0)
        return;
    state.lock.word = 0;
    state.live_count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (table[i].unload_epoch == 0)
            state.live[state.live_count++] = i;
    state.epoch++;
    state.last_adds = state.last_subs = 0;
    tenure__unwind_forget();
}

uint32_t tenure__modules_count(void)
{
    return atomic_load_explicit(&published, memory_order_acquire);
}

const struct tenure__module *tenure__module_at(uint32_t index)
{
    return &table[index];
}

/* An object that the table holds for mapped at `pc` though it is gone would
 * take the nodes at its range along when it is retired. */
static bool another_is_live(uint32_t index, uint64_t pc)
{
    for (uint32_t i = tenure__modules_count(); i-- > 0;)
        if (i != index && pc >= table[i].start && pc < table[i].end &&
            __atomic_load_n(&table[i].unload_epoch, __ATOMIC_ACQUIRE) == 0)
            return true;
    return false;
}

bool tenure__module_is_back(uint32_t index, uint64_t pc)
{
    struct dl_find_object found;
    struct tenure__module module;
    if (index >= tenure__modules_count() || pc < table[index].start ||
        pc >= table[index].end || table[index].build_id_bytes == 0 ||
        _dl_find_object((void *)pc, &found) != 0)
        return false;
    const struct link_map *map = found.dlfo_link_map;
    const ElfW(Ehdr) *header = found.dlfo_map_start;
    if (map->l_addr != table[index].bias ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        another_is_live(index, pc))
        return false;
    struct dl_phdr_info info = {
        .dlpi_addr = map->l_addr,
        .dlpi_phdr = (const void *)((const char *)header + header->e_phoff),
        .dlpi_phnum = header->e_phnum};
    return describe(&info, tenure__loader_copy, &module) &&
           same(&table[index], &module, map->l_name);
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
    tenure__unwind_release(); /* forgets, whether that was refreshed or not */
}

uint32_t tenure__module_around(uint64_t address)
{
    for (uint32_t i = tenure__modules_count(); i-- > 0;) {
        const struct tenure__module *module = tenure__module_at(i);
        if (module->unload_epoch == 0 && address >= module->start &&
            address < module->end)
            return i;
    }
    return TENURE_NONE;
}

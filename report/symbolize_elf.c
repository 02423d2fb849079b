/*
 * The files of an image: which one is the right one, and what its symbol
 * table says.
 *
 * A path and a build-id come in; DWARF and symbols of the file that has this
 * build-id, wherever it is, go to the lookups. libdwfl finds separate debug
 * files by build-id and debug link and unpacks .gnu_debugdata.
 */
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/demangle.h"
#include "report/symbolize_dwarf.h"

struct symbol {
    uint64_t address, bytes;
    const char *name; /* belongs to the ELF file */
    int rank;         /* of names for one address: the least is shown */
};

struct object {
    Dwfl *dwfl;
    Dwfl_Module *module;
    uint64_t bias; /* of libdwfl's addresses to the file's */
    struct symbol *symbols;
    size_t symbol_count, symbol_room;
    struct tenure_dwarf *dwarf;
    uint64_t dwarf_bias;
};

bool tenure_debug_file(const char *build_id, char *path, size_t bytes)
{
    if (strlen(build_id) < 3)
        return false;
    snprintf(path, bytes, "/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
             build_id + 2);
    return access(path, R_OK) == 0;
}

/* The build-id of an open file as text; "" if it has none. */
static void build_id_of(int fd, char *text, size_t bytes)
{
    const uint8_t *id = NULL;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    ssize_t count = elf ? dwelf_elf_gnu_build_id(elf, (void *)&id) : 0;
    text[0] = 0;
    for (ssize_t i = 0; i < count && (size_t)(2 * i + 3) <= bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    elf_end(elf);
}

/* Without a build-id, a file that is younger than the process is another. */
static bool is_the_one(int fd, const char *build_id, uint64_t started_unix_ns)
{
    char found[129];
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (*build_id) {
        build_id_of(fd, found, sizeof found);
        return strcmp(found, build_id) == 0;
    }
    return (uint64_t)st.st_mtim.tv_sec <= started_unix_ns / 1000000000;
}

/* Opens `path` if it is the right file; *exists says whether there is one. */
static int open_if_right(const char *path, const char *build_id,
                         uint64_t started_unix_ns, bool *exists)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *exists = fd >= 0;
    if (fd < 0 || is_the_one(fd, build_id, started_unix_ns))
        return fd;
    close(fd);
    return -1;
}

/*
 * The file to read names from, or -1 with the problem. After a deployment
 * the old process still runs the old file: the kernel has it under
 * /proc/PID/exe, and a container's files under /proc/PID/root.
 */
static int open_file(const struct tenure_image *image,
                     const struct tenure_process *process, char *path,
                     size_t bytes, const char **problem)
{
    const char *build_id = image->build_id;
    bool exists, ignored;
    if (image->path[0] != '/') { /* [vdso] */
        *problem = "not a file";
        return -1;
    }
    snprintf(path, bytes, "%s", image->path);
    int fd = open_if_right(path, build_id, process->started_unix_ns, &exists);
    *problem = exists ? "changed on disk" : "not found on disk";
    if (fd < 0 && *build_id) {
        snprintf(path, bytes, "/proc/%u/exe", process->pid);
        fd = open_if_right(path, build_id, 0, &ignored);
    }
    if (fd < 0 && *build_id) {
        snprintf(path, bytes, "/proc/%u/root%s", process->pid, image->path);
        fd = open_if_right(path, build_id, 0, &ignored);
    }
    if (fd < 0 && tenure_debug_file(build_id, path, bytes))
        fd = open_if_right(path, build_id, 0, &ignored);
    return fd;
}

static int rank_of(const GElf_Sym *symbol, const char *name)
{
    int rank = GELF_ST_BIND(symbol->st_info) == STB_GLOBAL ? 0
               : GELF_ST_BIND(symbol->st_info) == STB_WEAK ? 1
                                                           : 2;
    while (*name == '_') {
        rank += 3;
        name++;
    }
    return rank + (symbol->st_size == 0 ? 100 : 0);
}

static bool is_code(const GElf_Sym *symbol, GElf_Word section)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    return section != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC);
}

static int by_address(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1; /* the best one comes last */
    return -strcmp(a->name, b->name);
}

static void read_symbols(struct object *object)
{
    int count = dwfl_module_getsymtab(object->module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(
            object->module, i, &symbol, &address, &section, NULL, NULL);
        if (!name || !*name || !is_code(&symbol, section))
            continue;
        object->symbols =
            tenure_grow(object->symbols, object->symbol_count,
                        &object->symbol_room, sizeof *object->symbols);
        object->symbols[object->symbol_count++] =
            (struct symbol){address - object->bias, symbol.st_size, name,
                            rank_of(&symbol, name)};
    }
    if (object->symbol_count > 0)
        qsort(object->symbols, object->symbol_count, sizeof(struct symbol),
              by_address);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* Takes `fd` over. */
static bool open_module(struct object *object, const char *path, int fd)
{
    object->dwfl = dwfl_begin(&callbacks);
    if (!object->dwfl) {
        close(fd);
        return false;
    }
    dwfl_report_begin(object->dwfl);
    object->module = dwfl_report_elf(object->dwfl, path, path, fd, 0, true);
    dwfl_report_end(object->dwfl, NULL, NULL);
    if (!object->module) {
        close(fd);
        return false;
    }
    GElf_Addr bias = 0;
    dwfl_module_getelf(object->module, &bias);
    object->bias = bias;
    return true;
}

/* Takes `fd` over. */
static bool open_object(struct object *object, const char *path, int fd)
{
    if (!open_module(object, path, fd))
        return false;
    Dwarf_Addr dwarf_bias = 0;
    Dwarf *dwarf = dwfl_module_getdwarf(object->module, &dwarf_bias);
    if (dwarf)
        object->dwarf = tenure_dwarf_new(dwarf);
    object->dwarf_bias = dwarf_bias;
    read_symbols(object);
    return true;
}

static void close_object(struct object *object)
{
    tenure_dwarf_free(object->dwarf);
    free(object->symbols);
    if (object->dwfl)
        dwfl_end(object->dwfl);
}

/* The symbol that contains `address`, else the nearest before it. */
static const struct symbol *symbol_at(const struct object *object,
                                      uint64_t address)
{
    size_t low = 0, high = object->symbol_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (object->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &object->symbols[low - 1] : NULL;
}

static const char *symbol_name(const struct symbol *symbol,
                               struct tenure_lookups *lookups)
{
    char *readable = tenure_demangle(symbol->name);
    const char *name =
        tenure_lookup_text(lookups, readable ? readable : symbol->name);
    free(readable);
    return name;
}

static void find(struct object *object, struct tenure_lookups *lookups,
                 struct tenure_lookup *lookup)
{
    const struct symbol *symbol = symbol_at(object, lookup->address);
    const char *name = symbol ? symbol_name(symbol, lookups) : "";
    uint64_t past = symbol ? lookup->address - symbol->address : 0;
    bool inside = symbol && past < symbol->bytes;
    if (object->dwarf &&
        tenure_dwarf_find(object->dwarf,
                          lookup->address + object->bias - object->dwarf_bias,
                          inside ? name : "", lookups, lookup))
        return;
    if (!symbol)
        return;
    struct tenure_frame *frame =
        tenure_arena_take(lookups->arena, 1, sizeof *frame);
    *frame = (struct tenure_frame){name, "", 0, TENURE_FRAME_NATIVE,
                                   inside ? 0 : past + 1};
    lookup->frames = (struct tenure_frames){frame, 1};
}

bool tenure_lookup_elf(struct tenure_lookups *lookups,
                       const struct tenure_image *image,
                       const struct tenure_process *process,
                       const char **problem)
{
    char path[4096];
    struct object object = {0};
    elf_version(EV_CURRENT);
    int fd = open_file(image, process, path, sizeof path, problem);
    if (fd < 0)
        return false;
    *problem = NULL;
    if (open_object(&object, path, fd)) {
        for (size_t i = 0; i < lookups->count; i++)
            if (lookups->at[i].frames.count == 0)
                find(&object, lookups, &lookups->at[i]);
    } else {
        *problem = "not a readable ELF file";
    }
    bool with_debug = object.dwarf != NULL;
    close_object(&object);
    return with_debug;
}

/* ---- vtables ----------------------------------------------------------- */

/* What stands in a vtable before the address that objects begin with: the
 * offset to the top of the object, and its type's information. */
enum { VTABLE_HEAD = 16 };

static int by_place(const void *left, const void *right)
{
    const struct tenure_vtable *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* "_ZTV4Node" is the vtable of Node; of two names for one, the first. */
static void name_class(struct tenure_vtable *vtable, const char *symbol,
                       struct tenure_arena *arena)
{
    static const char prefix[] = "vtable for ";
    struct tenure_lookups texts = {.arena = arena};
    char *readable = tenure_demangle(symbol);
    if (readable && strncmp(readable, prefix, sizeof prefix - 1) == 0) {
        const char *name = readable + sizeof prefix - 1;
        if (!vtable->name[0] || strcmp(name, vtable->name) < 0)
            vtable->name = tenure_lookup_text(&texts, name);
    }
    free(readable);
}

void tenure_lookup_vtables(const struct tenure_image *image,
                           const struct tenure_process *process,
                           struct tenure_vtable *vtable, size_t count,
                           struct tenure_arena *arena)
{
    char path[4096];
    const char *problem;
    struct object object = {0};
    elf_version(EV_CURRENT);
    int fd = open_file(image, process, path, sizeof path, &problem);
    if (fd < 0)
        return;
    int symbols = open_module(&object, path, fd)
                      ? dwfl_module_getsymtab(object.module)
                      : 0;
    for (int i = 1; i < symbols; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(
            object.module, i, &symbol, &address, &section, NULL, NULL);
        if (!name || strncmp(name, "_ZTV", 4) != 0 || section == SHN_UNDEF)
            continue;
        struct tenure_vtable key = {address - object.bias + VTABLE_HEAD, ""};
        struct tenure_vtable *found =
            bsearch(&key, vtable, count, sizeof key, by_place);
        if (found)
            name_class(found, name, arena);
    }
    close_object(&object);
}

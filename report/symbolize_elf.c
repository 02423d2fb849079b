/*
 * What the files of an image say of its code.
 *
 * A path and a build-id come in; DWARF and symbols of the file that has this
 * build-id go to the lookups.
 */
#include <stdlib.h>
#include <string.h>

#include "report/demangle.h"
#include "report/symbolize_dwarf.h"
#include "report/symbolize_file.h"

struct symbol {
    uint64_t address, bytes;
    const char *name; /* belongs to the ELF file */
    int rank;         /* of names for one address: the least is shown */
};

struct object {
    struct tenure_elf_file file;
    struct symbol *symbols;
    size_t symbol_count, symbol_room;
    struct tenure_dwarf *dwarf;
    uint64_t dwarf_bias;
};

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
    int count = dwfl_module_getsymtab(object->file.module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(
            object->file.module, i, &symbol, &address, &section, NULL, NULL);
        if (!name || !*name || !is_code(&symbol, section))
            continue;
        object->symbols =
            tenure_grow(object->symbols, object->symbol_count,
                        &object->symbol_room, sizeof *object->symbols);
        object->symbols[object->symbol_count++] =
            (struct symbol){address - object->file.bias, symbol.st_size, name,
                            rank_of(&symbol, name)};
    }
    if (object->symbol_count > 0)
        qsort(object->symbols, object->symbol_count, sizeof(struct symbol),
              by_address);
}

static void read_object(struct object *object)
{
    Dwarf_Addr dwarf_bias = 0;
    Dwarf *dwarf = dwfl_module_getdwarf(object->file.module, &dwarf_bias);
    if (dwarf)
        object->dwarf = tenure_dwarf_new(dwarf);
    object->dwarf_bias = dwarf_bias;
    read_symbols(object);
}

static void close_object(struct object *object)
{
    tenure_dwarf_free(object->dwarf);
    free(object->symbols);
    tenure_elf_file_close(&object->file);
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
    if (object->dwarf && tenure_dwarf_find(object->dwarf,
                                           lookup->address + object->file.bias -
                                               object->dwarf_bias,
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
    struct object object = {0};
    if (!tenure_elf_file_open(&object.file, image, process, problem))
        return false;
    read_object(&object);
    for (size_t i = 0; i < lookups->count; i++)
        if (lookups->at[i].frames.count == 0)
            find(&object, lookups, &lookups->at[i]);
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
    const char *problem;
    struct tenure_elf_file file;
    if (!tenure_elf_file_open(&file, image, process, &problem))
        return;
    int symbols = dwfl_module_getsymtab(file.module);
    for (int i = 1; i < symbols; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(
            file.module, i, &symbol, &address, &section, NULL, NULL);
        if (!name || strncmp(name, "_ZTV", 4) != 0 || section == SHN_UNDEF)
            continue;
        struct tenure_vtable key = {address - file.bias + VTABLE_HEAD, ""};
        struct tenure_vtable *found =
            bsearch(&key, vtable, count, sizeof key, by_place);
        if (found)
            name_class(found, name, arena);
    }
    tenure_elf_file_close(&file);
}

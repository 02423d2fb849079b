/*
 * Reads the slots through which modules call malloc.
 *
 * A module's relocations name the slots and the function each is for. What
 * is bound is judged at once; what is not yet is kept in a list and read again
 * later. Paths of modules with a foreign malloc are kept for ever.
 */
#include "agent/bindings.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "agent/format/format.h"
#include "agent/limits.h"
#include "agent/os.h"

/* The last four are C++'s, which may be a library's own as long as that
 * calls malloc in turn. */
static const char *const names[] = {"malloc",
                                    "calloc",
                                    "realloc",
                                    "free",
                                    "reallocarray",
                                    "memalign",
                                    "aligned_alloc",
                                    "posix_memalign",
                                    "valloc",
                                    "pvalloc",
                                    "mallocx",
                                    "rallocx",
                                    "dallocx",
                                    "_Znwm",
                                    "_Znam",
                                    "_ZnwmSt11align_val_t",
                                    "_ZnamSt11align_val_t"};
enum { C_NAMES = 13, NAMES = sizeof names / sizeof *names };

/* Longer than any of the names. */
enum { NAME_BYTES = 24, WINDOW_BYTES = 4096, DYNAMIC_MAX = 512 };

struct slot {
    uint64_t at;
    uint64_t own;    /* the module's own definition, 0: it has none */
    uint32_t module; /* index in the table, TENURE_NONE: elsewhere */
    bool loose;      /* only the allocator's own function is foreign */
};

enum judgement { SEEN, UNSEEN, UNBOUND };

/* Part of a page of the module, copied. */
struct window {
    uint64_t at, bytes;
    char data[WINDOW_BYTES];
};

static struct {
    struct slot unbound[TENURE_UNBOUND_SLOTS_MAX];
    uint32_t unbound_count;
    struct window relocations, symbols, strings;
    /* Of other namespaces, those that were looked at. */
    struct {
        uint64_t map, dynamic;
    } elsewhere[TENURE_ELSEWHERE_MAX];
    uint32_t elsewhere_count;
    char text[TENURE_UNSEEN_TEXT_BYTES];
    size_t text_used;
} state;

static struct {
    const char *path[TENURE_UNSEEN_PATHS_MAX];
    _Atomic uint32_t kept, count;
} unseen;

/* ---- the list of those found ------------------------------------------- */

static void add_unseen(const char *path)
{
    size_t bytes = strlen(path) + 1;
    for (uint32_t i = 0; i < unseen.kept; i++)
        if (strcmp(unseen.path[i], path) == 0)
            return;
    if (unseen.kept < TENURE_UNSEEN_PATHS_MAX &&
        bytes <= sizeof state.text - state.text_used) {
        char *copy = state.text + state.text_used;
        memcpy(copy, path, bytes);
        state.text_used += bytes;
        unseen.path[unseen.kept] = copy;
        unseen.kept++;
    }
    unseen.count++;
}

void tenure__bindings_own(const char *program)
{
    add_unseen(program);
}

uint32_t tenure__bindings_unseen(void)
{
    return unseen.count;
}

const char *tenure__bindings_unseen_path(uint32_t at)
{
    return at < unseen.kept ? unseen.path[at] : NULL;
}

/* ---- reading ----------------------------------------------------------- */

/* Never past the end of a page: the next may be missing. */
static const void *peek(struct window *window, tenure__read *read,
                        uint64_t from, uint64_t bytes)
{
    if (from < window->at || from + bytes > window->at + window->bytes) {
        uint64_t page = from & ~(uint64_t)(WINDOW_BYTES - 1);
        bool fits = from + bytes <= page + WINDOW_BYTES;
        window->at = fits ? page : from;
        window->bytes = fits ? WINDOW_BYTES : bytes;
        if (read(window->data, window->at, window->bytes) != 0) {
            window->bytes = 0;
            return NULL;
        }
    }
    return window->data + (from - window->at);
}

/* Cut if it is too long. */
static void read_text(tenure__read *read, uint64_t from, char *to, size_t room)
{
    size_t used = 0;
    while (used < room - 1) {
        const char *next = peek(&state.strings, read, from + used, 1);
        if (next == NULL || *next == 0)
            break;
        to[used++] = *next;
    }
    to[used] = 0;
}

static void forget_windows(void)
{
    state.relocations.bytes = state.symbols.bytes = state.strings.bytes = 0;
}

struct image {
    uint64_t bias, symbols, strings;
    uint64_t jumps, jumps_bytes;         /* of functions, mostly bound late */
    uint64_t data, data_bytes, relative; /* the others */
};

/* The loader has relocated these pointers. */
static void take_entry(struct image *image, const ElfW(Dyn) * entry)
{
    uint64_t value = entry->d_un.d_val;
    uint64_t at = value < image->bias ? value + image->bias : value;
    switch (entry->d_tag) {
    case DT_SYMTAB:
        image->symbols = at;
        break;
    case DT_STRTAB:
        image->strings = at;
        break;
    case DT_JMPREL:
        image->jumps = at;
        break;
    case DT_PLTRELSZ:
        image->jumps_bytes = value;
        break;
    case DT_RELA:
        image->data = at;
        break;
    case DT_RELASZ:
        image->data_bytes = value;
        break;
    case DT_RELACOUNT: /* stand first and name no symbol */
        image->relative = value;
        break;
    default:
        break;
    }
}

static bool read_dynamic(struct image *image, uint64_t dynamic,
                         tenure__read *read)
{
    ElfW(Dyn) entry;
    for (uint32_t i = 0; i < DYNAMIC_MAX && dynamic != 0; i++) {
        if (read(&entry, dynamic + i * sizeof entry, sizeof entry) != 0)
            return false;
        if (entry.d_tag == DT_NULL)
            return image->symbols != 0 && image->strings != 0;
        take_entry(image, &entry);
    }
    return false;
}

/* ---- judging ----------------------------------------------------------- */

static bool is_in(const struct tenure__code *code, uint64_t address)
{
    return address - code->at < code->bytes;
}

/* The program may stand for the function by its own call of it, and what
 * stands between it and the hooks was put there to be called first. */
static bool is_before_hooks(uint64_t address)
{
    uint32_t own = tenure__module_around(tenure__hooks_code.at);
    uint32_t target = tenure__module_around(address);
    return own != TENURE_NONE && target <= own;
}

static enum judgement judge(const struct slot *slot, uint64_t value)
{
    const struct tenure__module *module = tenure__module_at(slot->module);
    if (value == 0)
        return UNBOUND;
    if (slot->loose)
        return is_in(&tenure__allocator_code, value) ? UNSEEN : SEEN;
    if (is_in(&tenure__hooks_code, value) || is_before_hooks(value))
        return SEEN;
    if (value >= module->start && value < module->end && value != slot->own)
        return UNBOUND; /* goes to the loader, by the module's own code */
    return UNSEEN;
}

/* ---- finding slots ----------------------------------------------------- */

static bool is_call(uint64_t type)
{
    return type == TENURE_RELOCATION_JUMP || type == TENURE_RELOCATION_DATA;
}

/* One that is a name's, false for all others. */
static bool take_slot(const struct image *image, const ElfW(Rela) * at,
                      tenure__read *read, struct slot *slot)
{
    char name[NAME_BYTES];
    uint64_t type = ELF64_R_TYPE(at->r_info);
    uint64_t index = ELF64_R_SYM(at->r_info);
    if (index == 0 || (!is_call(type) && type != TENURE_RELOCATION_POINTER))
        return false;
    const ElfW(Sym) *symbol =
        peek(&state.symbols, read, image->symbols + index * sizeof *symbol,
             sizeof *symbol);
    if (symbol == NULL)
        return false;
    bool defined = symbol->st_shndx != SHN_UNDEF;
    slot->own = defined ? image->bias + symbol->st_value : 0;
    read_text(read, image->strings + symbol->st_name, name, sizeof name);
    int i = 0;
    while (i < NAMES && strcmp(name, names[i]) != 0)
        i++;
    slot->at = image->bias + at->r_offset;
    slot->loose = i >= C_NAMES || !is_call(type);
    return i < NAMES;
}

typedef void found(const struct slot *slot, tenure__read *read, void *with);

static void each_slot_in(const struct image *image, uint64_t at, uint64_t end,
                         tenure__read *read, found *visit, void *with)
{
    struct slot slot = {0};
    for (; at + sizeof(ElfW(Rela)) <= end; at += sizeof(ElfW(Rela))) {
        const ElfW(Rela) *relocation =
            peek(&state.relocations, read, at, sizeof *relocation);
        if (relocation == NULL)
            return;
        if (take_slot(image, relocation, read, &slot))
            visit(&slot, read, with);
    }
}

static void each_slot(uint64_t bias, uint64_t dynamic, tenure__read *read,
                      found *visit, void *with)
{
    struct image image = {.bias = bias};
    forget_windows();
    if (!read_dynamic(&image, dynamic, read))
        return;
    each_slot_in(&image, image.jumps, image.jumps + image.jumps_bytes, read,
                 visit, with);
    each_slot_in(&image, image.data + image.relative * sizeof(ElfW(Rela)),
                 image.data + image.data_bytes, read, visit, with);
}

/* ---- modules of the program -------------------------------------------- */

struct look {
    uint32_t index;
    bool foreign, no_room;
};

static void take_found(const struct slot *from, tenure__read *read, void *with)
{
    struct look *look = with;
    struct slot slot = *from;
    uint64_t value = 0;
    slot.module = look->index;
    if (read(&value, slot.at, sizeof value) != 0)
        return;
    enum judgement judgement = judge(&slot, value);
    look->foreign |= judgement == UNSEEN;
    if (judgement != UNBOUND)
        return;
    if (state.unbound_count < TENURE_UNBOUND_SLOTS_MAX)
        state.unbound[state.unbound_count++] = slot;
    else
        look->no_room = true;
}

/* Those of one module that are bound by now leave the list. */
static void look_again(struct look *look, tenure__read *read)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state.unbound_count; i++) {
        struct slot slot = state.unbound[i];
        uint64_t value = 0;
        enum judgement judgement = UNBOUND;
        if (slot.module == look->index &&
            read(&value, slot.at, sizeof value) == 0)
            judgement = judge(&slot, value);
        look->foreign |= judgement == UNSEEN;
        if (judgement == UNBOUND)
            state.unbound[kept++] = slot;
    }
    state.unbound_count = kept;
}

void tenure__bindings_look(uint32_t index, struct tenure__module *module,
                           tenure__read *read)
{
    struct look look = {.index = index};
    if (module->looked_at) {
        look_again(&look, read);
    } else {
        each_slot(module->bias, module->dynamic, read, take_found, &look);
        module->looked_at = !look.no_room; /* else anew the next time */
    }
    if (look.foreign)
        add_unseen(module->path);
}

void tenure__bindings_forget(uint32_t index, struct tenure__module *module)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state.unbound_count; i++)
        if (state.unbound[i].module != index)
            state.unbound[kept++] = state.unbound[i];
    state.unbound_count = kept;
    module->looked_at = false;
}

/* ---- other namespaces -------------------------------------------------- */

/* Whatever it is bound to, it is not the hooks: they are not there. Libraries
 * that define the functions are not what calls them. */
static void take_foreign(const struct slot *slot, tenure__read *read,
                         void *with)
{
    (void)read;
    *(bool *)with |= slot->own == 0 && !slot->loose;
}

static bool was_looked_at(const struct link_map *map, uint64_t at)
{
    uint64_t dynamic = (uint64_t)map->l_ld;
    for (uint32_t i = 0; i < state.elsewhere_count; i++)
        if (state.elsewhere[i].map == at &&
            state.elsewhere[i].dynamic == dynamic)
            return true;
    if (state.elsewhere_count < TENURE_ELSEWHERE_MAX) {
        state.elsewhere[state.elsewhere_count].map = at;
        state.elsewhere[state.elsewhere_count++].dynamic = dynamic;
    }
    return false;
}

static void look_at_namespace(uint64_t at, tenure__read *read)
{
    static char path[TENURE_PATH_BYTES];
    struct link_map map;
    for (uint32_t i = 0; i < TENURE_ELSEWHERE_MAX && at != 0; i++) {
        bool foreign = false;
        if (read(&map, at, sizeof map) != 0)
            return;
        if (!was_looked_at(&map, at))
            each_slot(map.l_addr, (uint64_t)map.l_ld, read, take_foreign,
                      &foreign);
        if (foreign) {
            read_text(read, (uint64_t)map.l_name, path, sizeof path);
            add_unseen(path);
        }
        at = (uint64_t)map.l_next;
    }
}

void tenure__bindings_look_elsewhere(tenure__read *read)
{
    struct r_debug_extended space;
    if (_r_debug.r_version < 2 ||
        read(&space, (uint64_t)&_r_debug, sizeof space) != 0)
        return;
    for (uint32_t i = 0; i < TENURE_ELSEWHERE_MAX && space.r_next != NULL;
         i++) {
        if (read(&space, (uint64_t)space.r_next, sizeof space) != 0)
            return;
        look_at_namespace((uint64_t)space.base.r_map, read);
    }
}

/*
 * DWARF lookups over libdw.
 *
 * libdw's own dwarf_addrdie() needs .debug_aranges, which clang does not
 * write, and dwarf_getscopes() walks a whole unit for every address. Here
 * units are indexed once by their ranges, functions once per unit that an
 * address falls into, and only the function's own tree is walked.
 */
#include "report/symbolize_dwarf.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "report/demangle.h"

enum { INLINE_DEPTH_MAX = 64, TREE_DEPTH_MAX = 64 };

struct range {
    Dwarf_Addr low, high; /* high is exclusive */
    Dwarf_Die die;
    struct unit *unit; /* of a unit's range */
};

struct ranges {
    struct range *at;
    size_t count, room;
};

struct unit {
    Dwarf_Die die;   /* has the line table */
    Dwarf_Die split; /* has the functions; the same unless split DWARF */
    struct ranges functions;
    bool indexed;
};

struct tenure_dwarf {
    struct ranges units;
    struct tenure_arena arena;
};

static void add_ranges(struct ranges *to, Dwarf_Die *die, Dwarf_Die *shown,
                       struct unit *unit)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;
    while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
        if (low >= high || low == 0)
            continue; /* what the linker threw away */
        to->at = tenure_grow(to->at, to->count, &to->room, sizeof *to->at);
        to->at[to->count++] = (struct range){low, high, *shown, unit};
    }
}

static int by_low(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return (a->high < b->high) - (a->high > b->high);
}

/* The innermost of nested ranges starts last. */
static const struct range *find(const struct ranges *in, Dwarf_Addr address)
{
    size_t low = 0, high = in->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (in->at[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t tries = 0; low > 0 && tries < 64; tries++)
        if (address < in->at[--low].high)
            return &in->at[low];
    return NULL;
}

struct tenure_dwarf *tenure_dwarf_new(Dwarf *dwarf)
{
    struct tenure_dwarf *index = tenure_zeroed(1, sizeof *index);
    Dwarf_CU *cu = NULL;
    Dwarf_Die die, split;
    uint8_t type;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &split) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton)
            continue;
        struct unit *unit = tenure_arena_take(&index->arena, 1, sizeof *unit);
        unit->die = die;
        unit->split = dwarf_tag(&split) == DW_TAG_invalid ? die : split;
        add_ranges(&index->units, &die, &die, unit);
    }
    if (index->units.count == 0) {
        tenure_dwarf_free(index);
        return NULL;
    }
    qsort(index->units.at, index->units.count, sizeof(struct range), by_low);
    return index;
}

void tenure_dwarf_free(struct tenure_dwarf *dwarf)
{
    if (!dwarf)
        return;
    for (size_t i = 0; i < dwarf->units.count; i++) {
        free(dwarf->units.at[i].unit->functions.at);
        dwarf->units.at[i].unit->functions = (struct ranges){0};
    }
    free(dwarf->units.at);
    tenure_arena_drop(&dwarf->arena);
    free(dwarf);
}

static void index_functions(struct ranges *to, Dwarf_Die *parent, int depth)
{
    Dwarf_Die child;
    if (depth > TREE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_subprogram:
            add_ranges(to, &child, &child, NULL);
            index_functions(to, &child, depth + 1);
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_lexical_block:
            index_functions(to, &child, depth + 1);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

static const struct range *function_at(struct unit *unit, Dwarf_Addr address)
{
    if (!unit->indexed) {
        index_functions(&unit->functions, &unit->split, 0);
        if (unit->functions.count > 0)
            qsort(unit->functions.at, unit->functions.count,
                  sizeof(struct range), by_low);
        unit->indexed = true;
    }
    return find(&unit->functions, address);
}

/* Appends the inlined calls at `address` below `parent`, outermost first. */
static int inlined_at(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *chain,
                      int count, int depth)
{
    Dwarf_Die child;
    if (depth > TREE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return count;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_inlined_subroutine &&
            dwarf_haspc(&child, address) == 1 && count < INLINE_DEPTH_MAX) {
            chain[count] = child;
            return inlined_at(&child, address, chain, count + 1, depth + 1);
        }
        if (tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
            tag == DW_TAG_catch_block) {
            int more = inlined_at(&child, address, chain, count, depth + 1);
            if (more > count)
                return more;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return count;
}

/* A function's name with its scope where the linker has one. */
static const char *name_of(Dwarf_Die *die, struct tenure_lookups *lookups)
{
    Dwarf_Attribute attribute;
    const char *linkage = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
        linkage = dwarf_formstring(&attribute);
    char *readable = linkage ? tenure_demangle(linkage) : NULL;
    if (readable) {
        const char *name = tenure_lookup_text(lookups, readable);
        free(readable);
        return name;
    }
    const char *plain = dwarf_diename(die);
    return plain ? tenure_lookup_text(lookups, plain) : NULL;
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (!dwarf_attr(die, name, &attribute) ||
        dwarf_formudata(&attribute, &value) != 0)
        return 0;
    return (uint32_t)value;
}

static const char *file_name(Dwarf_Die *unit, uint32_t number)
{
    Dwarf_Files *files;
    size_t count;
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
        return NULL;
    return dwarf_filesrc(files, number, NULL, NULL);
}

static void set_line(struct tenure_frame *frame, const char *file,
                     uint32_t line, struct tenure_lookups *lookups)
{
    frame->file = file ? tenure_lookup_text(lookups, file) : "";
    frame->line = file ? line : 0;
}

static void set_first_line(struct tenure_frame *frame, struct unit *unit,
                           Dwarf_Addr address, struct tenure_lookups *lookups)
{
    Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
    int number = 0;
    const char *file = NULL;
    if (line && dwarf_lineno(line, &number) == 0)
        file = dwarf_linesrc(line, NULL, NULL);
    set_line(frame, file, number > 0 ? (uint32_t)number : 0, lookups);
}

bool tenure_dwarf_find(struct tenure_dwarf *dwarf, uint64_t address,
                       const char *symbol, struct tenure_lookups *lookups,
                       struct tenure_lookup *lookup)
{
    const struct range *in = find(&dwarf->units, address);
    if (!in)
        return false;
    struct unit *unit = in->unit;
    const struct range *function = function_at(unit, address);
    Dwarf_Die chain[INLINE_DEPTH_MAX + 1];
    int count = 1;
    if (function) {
        chain[0] = function->die;
        count = inlined_at(&chain[0], address, chain, 1, 0);
    }
    struct tenure_frame *frames =
        tenure_arena_take(lookups->arena, (size_t)count, sizeof *frames);
    for (int i = 0; i < count; i++) { /* i = 0: innermost */
        struct tenure_frame *frame = &frames[i];
        Dwarf_Die *die = &chain[count - 1 - i];
        const char *name = function ? name_of(die, lookups) : NULL;
        bool outermost = i + 1 == count;
        frame->function = name ? name : outermost ? symbol : "";
        frame->kind = outermost ? TENURE_FRAME_NATIVE : TENURE_FRAME_INLINE;
        if (i == 0)
            set_first_line(frame, unit, address, lookups);
        else
            set_line(frame,
                     file_name(&unit->die, number_of(die + 1, DW_AT_call_file)),
                     number_of(die + 1, DW_AT_call_line), lookups);
    }
    if (!frames[count - 1].function[0] && !frames[0].file[0])
        return false;
    lookup->frames = (struct tenure_frames){frames, (uint32_t)count};
    return true;
}

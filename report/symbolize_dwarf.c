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
#include <stdio.h>
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

/* What a function is declared in: "app::Registry", "" for nothing. */
struct scope {
    Dwarf_Off function;
    const char *name;
};

struct unit {
    Dwarf_Die die;   /* has the line table */
    Dwarf_Die split; /* has the functions; the same unless split DWARF */
    struct ranges functions;
    struct scope *scopes; /* by function: in the order of the tree */
    size_t scope_count, scope_room;
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
        struct unit *unit = dwarf->units.at[i].unit;
        free(unit->functions.at);
        free(unit->scopes);
        unit->functions = (struct ranges){0};
        unit->scopes = NULL;
    }
    free(dwarf->units.at);
    tenure_arena_drop(&dwarf->arena);
    free(dwarf);
}

static bool is_cpp(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
        return true;
    default:
        return false;
    }
}

static const char *scope_below(struct tenure_arena *arena, const char *scope,
                               Dwarf_Die *die)
{
    char text[1024];
    const char *name = dwarf_diename(die);
    if (!name && dwarf_tag(die) != DW_TAG_namespace)
        return scope;
    int bytes = snprintf(text, sizeof text, "%s%s%s", scope, *scope ? "::" : "",
                         name ? name : "(anonymous namespace)");
    return (size_t)bytes < sizeof text
               ? tenure_arena_text(arena, text, (size_t)bytes)
               : scope;
}

static void add_function(struct unit *unit, Dwarf_Die *function,
                         const char *scope)
{
    add_ranges(&unit->functions, function, function, NULL);
    unit->scopes = tenure_grow(unit->scopes, unit->scope_count,
                               &unit->scope_room, sizeof *unit->scopes);
    unit->scopes[unit->scope_count++] =
        (struct scope){dwarf_dieoffset(function), scope};
}

/* `scope` is NULL in languages whose linkage names say it all. */
static void index_functions(struct tenure_dwarf *dwarf, struct unit *unit,
                            Dwarf_Die *parent, const char *scope, int depth)
{
    Dwarf_Die child;
    if (depth > TREE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return;
    do {
        const char *below = scope;
        switch (dwarf_tag(&child)) {
        case DW_TAG_subprogram:
            add_function(unit, &child, scope ? scope : "");
            /* fall through */
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
            if (scope && dwarf_haschildren(&child) == 1)
                below = scope_below(&dwarf->arena, scope, &child);
            /* fall through */
        case DW_TAG_lexical_block:
            index_functions(dwarf, unit, &child, below, depth + 1);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

static void index_unit(struct tenure_dwarf *dwarf, struct unit *unit)
{
    if (unit->indexed)
        return;
    unit->indexed = true;
    index_functions(dwarf, unit, &unit->split, is_cpp(&unit->die) ? "" : NULL,
                    0);
    if (unit->functions.count > 0)
        qsort(unit->functions.at, unit->functions.count, sizeof(struct range),
              by_low);
}

/* The scope of a function by the place where it is declared. */
static const char *scope_of(const struct unit *unit, Dwarf_Die *function)
{
    Dwarf_Die at = *function;
    Dwarf_Attribute attribute;
    for (int steps = 0; steps < 4; steps++)
        if ((!dwarf_attr(&at, DW_AT_abstract_origin, &attribute) &&
             !dwarf_attr(&at, DW_AT_specification, &attribute)) ||
            !dwarf_formref_die(&attribute, &at))
            break;
    Dwarf_Off offset = dwarf_dieoffset(&at);
    size_t low = 0, high = unit->scope_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (unit->scopes[middle].function < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < unit->scope_count && unit->scopes[low].function == offset
               ? unit->scopes[low].name
               : "";
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

/* A function's name with its scope: the linker's name has it; a lambda or a
 * function of a local class has none. */
static const char *name_of(const struct unit *unit, Dwarf_Die *die,
                           struct tenure_lookups *lookups)
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
    const char *plain = dwarf_diename(die), *scope = scope_of(unit, die);
    char text[2048];
    if (!plain)
        return NULL;
    snprintf(text, sizeof text, "%s%s%s", scope, *scope ? "::" : "", plain);
    tenure_shorten(text);
    return tenure_lookup_text(lookups, text);
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
    index_unit(dwarf, unit);
    const struct range *function = find(&unit->functions, address);
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
        const char *name = function ? name_of(unit, die, lookups) : NULL;
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

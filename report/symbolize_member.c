/*
 * Variables with their types, and the way down a type to an offset.
 *
 * All variables of all units that have a fixed address come in once, those
 * inside of functions too; a question finds one by its address and goes down
 * its type: into the member that contains the offset, into the element of an
 * array, until something is reached that has no parts.
 */
#include "report/symbolize_member.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>

#include "report/memory.h"
#include "report/words.h"

enum { TREE_DEPTH_MAX = 32, TYPE_DEPTH_MAX = 16 };

struct variable {
    uint64_t address;
    Dwarf_Die die;
};

struct tenure_members {
    struct variable *at;
    size_t count, room;
};

static bool address_of(Dwarf_Die *die, uint64_t *address)
{
    Dwarf_Attribute location;
    Dwarf_Op *op;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &location) ||
        dwarf_getlocation(&location, &op, &count) != 0 || count != 1 ||
        op[0].atom != DW_OP_addr)
        return false;
    *address = op[0].number;
    return true;
}

static void add(struct tenure_members *members, Dwarf_Die *die)
{
    uint64_t address;
    if (!address_of(die, &address))
        return;
    members->at = tenure_grow(members->at, members->count, &members->room,
                              sizeof *members->at);
    members->at[members->count++] = (struct variable){address, *die};
}

static void search(struct tenure_members *members, Dwarf_Die *parent, int depth)
{
    Dwarf_Die child;
    if (depth > TREE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_variable:
            add(members, &child);
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_subprogram:
        case DW_TAG_lexical_block:
            search(members, &child, depth + 1);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

static int by_address(const void *left, const void *right)
{
    const struct variable *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

struct tenure_members *tenure_members_new(Dwfl_Module *module)
{
    struct tenure_members *members = tenure_zeroed(1, sizeof *members);
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
    Dwarf_CU *cu = NULL;
    Dwarf_Die die, split;
    uint8_t type;
    while (dwarf &&
           dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &split) == 0)
        if (type == DW_UT_compile)
            search(members, &die, 0);
    if (members->count > 0)
        qsort(members->at, members->count, sizeof *members->at, by_address);
    return members;
}

void tenure_members_free(struct tenure_members *members)
{
    if (members == NULL)
        return;
    free(members->at);
    free(members);
}

/* ---- types ------------------------------------------------------------- */

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    Dwarf_Die named;
    return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
           dwarf_formref_die(&attribute, &named) &&
           dwarf_peel_type(&named, type) == 0;
}

/* The member, or base class, around the offset, which becomes one in it. */
static bool enter_member(Dwarf_Die *type, uint64_t *offset, Dwarf_Die *member)
{
    if (dwarf_child(type, member) != 0)
        return false;
    do {
        Dwarf_Attribute attribute;
        Dwarf_Word at = 0, bytes = 0;
        Dwarf_Die of;
        int tag = dwarf_tag(member);
        if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
            (dwarf_attr(member, DW_AT_data_member_location, &attribute) &&
             dwarf_formudata(&attribute, &at) != 0) ||
            !type_of(member, &of) || dwarf_aggregate_size(&of, &bytes) != 0)
            continue;
        if (*offset >= at && *offset - at < bytes) {
            *offset -= at;
            return true;
        }
    } while (dwarf_siblingof(member, member) == 0);
    return false;
}

/* Of several dimensions, the one element as if there were only one. */
static bool enter_element(Dwarf_Die *type, uint64_t *offset,
                          struct tenure_words *words)
{
    Dwarf_Die of;
    Dwarf_Word bytes = 0;
    if (!type_of(type, &of) || dwarf_aggregate_size(&of, &bytes) != 0 ||
        bytes == 0)
        return false;
    tenure_say(words, "[%llu]", (unsigned long long)(*offset / bytes));
    *offset %= bytes;
    *type = of;
    return true;
}

static void go_down(Dwarf_Die type, uint64_t offset, struct tenure_words *words)
{
    for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
        Dwarf_Die member;
        switch (dwarf_tag(&type)) {
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_union_type:
            if (!enter_member(&type, &offset, &member))
                return;
            if (dwarf_tag(&member) == DW_TAG_member && dwarf_diename(&member))
                tenure_say(words, ".%s", dwarf_diename(&member));
            if (!type_of(&member, &type))
                return;
            break;
        case DW_TAG_array_type:
            if (!enter_element(&type, &offset, words))
                return;
            break;
        default:
            return;
        }
    }
}

bool tenure_members_find(struct tenure_members *members, uint64_t address,
                         uint64_t offset, char *text, size_t bytes)
{
    struct tenure_words words = tenure_words_in(text, bytes);
    size_t low = 0, high = members->count;
    Dwarf_Die type;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (members->at[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == members->count || members->at[low].address != address ||
        !type_of(&members->at[low].die, &type))
        return false;
    go_down(type, offset, &words);
    return words.used > 0;
}

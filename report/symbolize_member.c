/*
 * Variables with their types.
 *
 * All variables of all units that have a fixed address, or place in each
 * thread, come in once, those inside of functions too; a question finds one
 * by its address and goes down its type.
 */
#include "report/symbolize_member.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>

#include "report/memory.h"
#include "report/symbolize_type.h"
#include "report/words.h"

enum { TREE_DEPTH_MAX = 32 };

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
        dwarf_getlocation(&location, &op, &count) != 0)
        return false;
    *address = count > 0 ? op[0].number : 0;
    if (count == 2 && (op[1].atom == DW_OP_GNU_push_tls_address ||
                       op[1].atom == DW_OP_form_tls_address)) {
        *address |= TENURE_MEMBER_THREAD_LOCAL;
        return true;
    }
    return count == 1 && op[0].atom == DW_OP_addr;
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

bool tenure_members_find(struct tenure_members *members, uint64_t address,
                         uint64_t offset, char *text, size_t bytes,
                         struct tenure_pointee *to)
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
        !tenure_type_of(&members->at[low].die, &type))
        return false;
    tenure_type_down(type, offset, &words, to);
    return words.used > 0;
}

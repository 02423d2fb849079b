/*
 * Goes down types: into the member that contains an offset, into the element
 * of an array, until something is reached that has no parts; if that is a
 * pointer, its type is where the next block begins.
 *
 * Only what must be so is said of a block. Past the end of a structure lies
 * what derives from it or follows it; members of a union are one as much as
 * the other; a void pointer says nothing. A block of pointers is an array.
 */
#include "report/symbolize_type.h"

#include <dwarf.h>
#include <string.h>

enum { TYPE_DEPTH_MAX = 16, EMPTY_DEPTH_MAX = 8 };

_Static_assert(sizeof(Dwarf_Die) <=
                   sizeof(((struct tenure_pointee *)NULL)->type),
               "it is kept there");

bool tenure_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    Dwarf_Die named;
    return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
           dwarf_formref_die(&attribute, &named) &&
           dwarf_peel_type(&named, type) == 0;
}

static bool is_class(Dwarf_Die *type)
{
    return dwarf_tag(type) == DW_TAG_structure_type ||
           dwarf_tag(type) == DW_TAG_class_type;
}

/* A class without data, as allocators and deleters are: it takes a byte by
 * its size, and none as a base or where its address does not matter. */
static bool is_empty(Dwarf_Die *type, int depth)
{
    Dwarf_Die part, of;
    if (depth > EMPTY_DEPTH_MAX || !is_class(type))
        return false;
    if (dwarf_child(type, &part) != 0)
        return true;
    do {
        int tag = dwarf_tag(&part);
        if ((tag == DW_TAG_inheritance ||
             (tag == DW_TAG_member &&
              dwarf_hasattr(&part, DW_AT_data_member_location))) &&
            !(tenure_type_of(&part, &of) && is_empty(&of, depth + 1)))
            return false;
    } while (dwarf_siblingof(&part, &part) == 0);
    return true;
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
            !tenure_type_of(member, &of) ||
            dwarf_aggregate_size(&of, &bytes) != 0 || is_empty(&of, 0))
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
    if (!tenure_type_of(type, &of) || dwarf_aggregate_size(&of, &bytes) != 0 ||
        bytes == 0)
        return false;
    tenure_say(words, "[%llu]", (unsigned long long)(*offset / bytes));
    *offset %= bytes;
    *type = of;
    return true;
}

static void set_pointee(struct tenure_pointee *to, Dwarf_Die *pointer)
{
    Dwarf_Die type;
    to->known = tenure_type_of(pointer, &type);
    if (to->known)
        memcpy(to->type, &type, sizeof type);
}

void tenure_type_down(Dwarf_Die type, uint64_t offset,
                      struct tenure_words *words, struct tenure_pointee *to)
{
    bool sure = true;
    to->known = false;
    for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
        Dwarf_Die member;
        switch (dwarf_tag(&type)) {
        case DW_TAG_union_type:
            sure = false;
            /* fall through */
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
            if (!enter_member(&type, &offset, &member))
                return;
            if (dwarf_tag(&member) == DW_TAG_member && dwarf_diename(&member))
                tenure_say(words, ".%s", dwarf_diename(&member));
            if (!tenure_type_of(&member, &type))
                return;
            break;
        case DW_TAG_array_type:
            if (!enter_element(&type, &offset, words))
                return;
            break;
        case DW_TAG_pointer_type:
            if (sure && offset == 0)
                set_pointee(to, &type);
            return;
        default:
            return;
        }
    }
}

/* "struct entry", "map<...>", "struct entry *"; false: it has no name. */
static bool say_name(Dwarf_Die *type, struct tenure_words *words)
{
    const char *name = dwarf_diename(type);
    Dwarf_Attribute language;
    Dwarf_Die unit, of;
    Dwarf_Word is = 0;
    if (dwarf_tag(type) == DW_TAG_pointer_type) {
        if (!tenure_type_of(type, &of))
            tenure_say(words, "void");
        else if (!say_name(&of, words))
            return false;
        tenure_say(words, " *");
        return true;
    }
    if (name == NULL)
        return false;
    if (dwarf_diecu(type, &unit, NULL, NULL) != NULL &&
        dwarf_attr(&unit, DW_AT_language, &language))
        dwarf_formudata(&language, &is);
    const char *arguments = strchr(name, '<');
    bool is_c = is == DW_LANG_C89 || is == DW_LANG_C || is == DW_LANG_C99 ||
                is == DW_LANG_C11;
    if (is_c && dwarf_tag(type) == DW_TAG_structure_type)
        tenure_say(words, "struct ");
    if (arguments != NULL)
        tenure_say(words, "%.*s<...>", (int)(arguments - name), name);
    else
        tenure_say(words, "%s", name);
    return true;
}

bool tenure_pointee_step(struct tenure_pointee *at, uint64_t into,
                         uint64_t offset, char *text, size_t bytes)
{
    struct tenure_words words = tenure_words_in(text, bytes);
    Dwarf_Die type;
    Dwarf_Word size = 0;
    if (!at->known)
        return false;
    memcpy(&type, at->type, sizeof type);
    at->known = false;
    bool is_pointer = dwarf_tag(&type) == DW_TAG_pointer_type;
    if (offset < into || !say_name(&type, &words))
        return false;
    if (is_pointer) {
        tenure_say(&words, "[]");
        set_pointee(at, &type);
        return true;
    }
    if (dwarf_aggregate_size(&type, &size) != 0 || offset - into >= size)
        return false;
    size_t named = words.used;
    tenure_type_down(type, offset - into, &words, at);
    return words.used > named;
}

bool tenure_pointee_equal(const struct tenure_pointee *a,
                          const struct tenure_pointee *b)
{
    Dwarf_Die left, right;
    if (!a->known || !b->known)
        return false;
    memcpy(&left, a->type, sizeof left);
    memcpy(&right, b->type, sizeof right);
    return left.addr == right.addr;
}

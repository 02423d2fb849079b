/*
 * The way down a type to an offset, and over a pointer to the next one.
 * Internal to symbolize*.c.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_TYPE_H
#define TENURE_REPORT_SYMBOLIZE_TYPE_H

#include <elfutils/libdw.h>

#include "report/symbolize_data.h"
#include "report/words.h"

/* The type of a variable, a member or a pointer; without typedefs. */
bool tenure_type_of(Dwarf_Die *die, Dwarf_Die *type);

/* Says ".db[0].dict" for what is at `offset` in the type; *to is what a
 * pointer there points to, if there is one. */
void tenure_type_down(Dwarf_Die type, uint64_t offset,
                      struct tenure_words *words, struct tenure_pointee *to);

#endif

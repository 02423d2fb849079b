/*
 * Function, line and inlined callers of an address by DWARF. Internal to
 * symbolize*.c. An index of units and functions is made as far as addresses
 * need it, once, so that a lookup is a few binary searches.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_DWARF_H
#define TENURE_REPORT_SYMBOLIZE_DWARF_H

#include <elfutils/libdw.h>

#include "report/symbolize_lookup.h"

struct tenure_dwarf;

/* NULL if there is no unit with addresses in it. */
struct tenure_dwarf *tenure_dwarf_new(Dwarf *dwarf);
void tenure_dwarf_free(struct tenure_dwarf *dwarf);

/* Fills lookup->frames for `address` (as the debug information counts); false
 * if nothing is known. The last frame's function is `symbol` where DWARF has
 * no name for it. */
bool tenure_dwarf_find(struct tenure_dwarf *dwarf, uint64_t address,
                       const char *symbol, struct tenure_lookups *lookups,
                       struct tenure_lookup *lookup);

#endif

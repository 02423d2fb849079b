/*
 * Demangling by libiberty, the library behind c++filt: one static call for
 * both languages, and tenure stays free of C++.
 */
#include "report/demangle.h"

#include <demangle.h>
#include <string.h>

char *tenure_demangle(const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) != 0 && strncmp(symbol, "_R", 2) != 0)
        return NULL;
    return cplus_demangle(symbol, DMGL_AUTO | DMGL_ANSI);
}

/* C++ (Itanium) and Rust (legacy and v0) names as people write them. */
#ifndef TENURE_REPORT_DEMANGLE_H
#define TENURE_REPORT_DEMANGLE_H

/* The name without parameters, without a Rust hash, and with the default
 * arguments of C++ containers left out; free() it. NULL if `symbol` is not a
 * mangled name. */
char *tenure_demangle(const char *symbol);

/* The same for a C++ name that is readable already; in place. */
void tenure_shorten(char *name);

#endif

/* C++ (Itanium) and Rust (legacy and v0) names as people write them. */
#ifndef TENURE_REPORT_DEMANGLE_H
#define TENURE_REPORT_DEMANGLE_H

/* The name without parameters, without a Rust hash, and with the default
 * arguments of C++ containers left out; free() it. NULL if `symbol` is not a
 * mangled name. */
char *tenure_demangle(const char *symbol);

/* A mangled C++ name with `*` and `?` in it, as Valgrind's suppressions have
 * them, as a pattern of readable names without parameters: "_ZN3foo*3barE*"
 * becomes "foo*bar". Where a wildcard leaves open what is meant, so does the
 * result. free() it; NULL if there is no name in it. */
char *tenure_demangle_pattern(const char *pattern);

/* The same for a C++ name that is readable already; in place. */
void tenure_shorten(char *name);

#endif

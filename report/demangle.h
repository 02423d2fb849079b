/* C++ (Itanium) and Rust (legacy and v0) names as people write them. */
#ifndef TENURE_REPORT_DEMANGLE_H
#define TENURE_REPORT_DEMANGLE_H

/* The name without parameters, a Rust hash or a compiler's clone suffix;
 * free() it. NULL if `symbol` is not a mangled name. */
char *tenure_demangle(const char *symbol);

#endif

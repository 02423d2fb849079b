/*
 * Demangling by libiberty, the library behind c++filt: one static call for
 * both languages, and tenure stays free of C++.
 *
 * What comes out is what was compiled; what people wrote is shorter by
 * default arguments and versions of namespaces, which are taken out.
 */
#include "report/demangle.h"

#include <demangle.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a template argument at `at`: up to the next ',' or '>' outside of
 * its own brackets. */
static size_t argument_bytes(const char *at)
{
    size_t bytes = 0;
    for (int depth = 0; at[bytes]; bytes++) {
        if (depth == 0 && (at[bytes] == ',' || at[bytes] == '>'))
            break;
        if (at[bytes] == '<')
            depth++;
        else if (at[bytes] == '>')
            depth--;
    }
    return bytes;
}

static void cut(char *at, size_t bytes)
{
    memmove(at, at + bytes, strlen(at + bytes) + 1);
}

/* ", std::allocator<int>": a default argument, unless it is the only one. */
static void cut_defaults(char *name)
{
    static const char *const defaults[] = {
        ", std::allocator<", ", std::char_traits<", ", std::default_delete<",
        ", std::less<",      ", std::equal_to<",    ", std::hash<"};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        for (char *at; (at = strstr(name, defaults[i]));)
            cut(at, 2 + argument_bytes(at + 2));
}

/* Puts a shorter text in place of every other one. */
static void replace(char *name, const char *from, const char *to)
{
    for (char *at; (at = strstr(name, from));) {
        memcpy(at, to, strlen(to));
        cut(at + strlen(to), strlen(from) - strlen(to));
    }
}

/* "non-virtual thunk to A::f(int) const" is A::f, a few instructions on. */
static void cut_thunk(char *name)
{
    static const char *const thunks[] = {"non-virtual thunk to ",
                                         "virtual thunk to "};
    for (size_t i = 0; i < sizeof thunks / sizeof *thunks; i++) {
        if (strncmp(name, thunks[i], strlen(thunks[i])) != 0)
            continue;
        cut(name, strlen(thunks[i]));
        char *end = strrchr(name, ')');
        for (int depth = 0; end && end > name; end--) {
            depth += *end == ')' ? 1 : *end == '(' ? -1 : 0;
            if (depth == 0) {
                *end = 0;
                break;
            }
        }
    }
}

void tenure_shorten(char *name)
{
    cut_thunk(name);
    replace(name, "std::__cxx11::", "std::");
    replace(name, "std::__1::", "std::");
    cut_defaults(name);
    replace(name, " >", ">");
    replace(name, "std::basic_string<char>", "std::string");
}

char *tenure_demangle(const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) != 0 && strncmp(symbol, "_R", 2) != 0)
        return NULL;
    char *name = cplus_demangle(symbol, DMGL_AUTO | DMGL_ANSI);
    if (name)
        tenure_shorten(name);
    return name;
}

/* A mangled pattern being read: names go to `out`, joined by "::" or, where
 * something stood between that is not understood, by `*`. */
struct loose {
    const char *at;
    char *out;
    size_t used;
    bool named, gap;
};

static void put(struct loose *loose, const char *text, size_t bytes)
{
    memcpy(loose->out + loose->used, text, bytes);
    loose->used += bytes;
}

static void put_name(struct loose *loose, const char *name, size_t bytes)
{
    if (loose->gap)
        put(loose, "*", 1);
    else if (loose->named)
        put(loose, "::", 2);
    put(loose, name, bytes);
    loose->named = true;
    loose->gap = false;
}

/* "3foo", of which a wildcard may hide the rest. */
static void read_name(struct loose *loose)
{
    char *name;
    size_t bytes = strtoul(loose->at, &name, 10);
    size_t known = strcspn(name, "*?");
    put_name(loose, name, known < bytes ? known : bytes);
    loose->gap = known < bytes;
    loose->at = name + (known < bytes ? known : bytes);
}

/* False where the name ends and its parameters begin. */
static bool read_on(struct loose *loose, int *depth)
{
    char c = *loose->at;
    if (c >= '0' && c <= '9') {
        read_name(loose);
        return *depth > 0 || *loose->at == 'I' || loose->gap ||
               strchr("*?", *loose->at);
    }
    if (strncmp(loose->at, "St", 2) == 0) {
        put_name(loose, "std", 3);
        loose->at += 2;
        return true;
    }
    *depth += c == 'N' || c == 'I' ? 1 : c == 'E' ? -1 : 0;
    if (c != 'N' && c != 'E')
        loose->gap = true; /* a wildcard, an operator, a substitution ... */
    loose->at++;
    return c != 'E' || *depth > 0;
}

char *tenure_demangle_pattern(const char *pattern)
{
    int depth = 0;
    if (strncmp(pattern, "_Z", 2) != 0)
        return NULL;
    /* "std" and a joint for each two characters at most. */
    struct loose loose = {.at = pattern + 2,
                          .out = malloc(3 * strlen(pattern) + 8)};
    if (!loose.out)
        return NULL;
    while (*loose.at && read_on(&loose, &depth))
        ;
    if (loose.gap)
        put(&loose, "*", 1);
    loose.out[loose.used] = 0;
    if (loose.named)
        return loose.out;
    free(loose.out);
    return NULL;
}

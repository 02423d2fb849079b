/*
 * Functions that allocate for their caller. A stack that begins with them is
 * named after the first one that does not, which is the one to look at.
 */
#include <stdlib.h>
#include <string.h>

#include "report/stack.h"

/* Sorted as strcmp() does. */
static const char *const names[] = {
    "CRYPTO_malloc",
    "CRYPTO_realloc",
    "CRYPTO_strdup",
    "CRYPTO_zalloc",
    "MemoryContextAlloc",
    "MemoryContextAllocZero",
    "PyMem_Calloc",
    "PyMem_Malloc",
    "PyMem_RawCalloc",
    "PyMem_RawMalloc",
    "PyMem_RawRealloc",
    "PyMem_Realloc",
    "PyObject_Calloc",
    "PyObject_Malloc",
    "PyObject_Realloc",
    "_PyMem_RawCalloc",
    "_PyMem_RawMalloc",
    "_PyMem_RawRealloc",
    "__libc_calloc",
    "__libc_malloc",
    "__libc_realloc",
    "__rdl_alloc",
    "__rg_alloc",
    "__rust_alloc",
    "__rust_alloc_zeroed",
    "__rust_realloc",
    "__strdup",
    "__strndup",
    "aligned_alloc",
    "calloc",
    "g_malloc",
    "g_malloc0",
    "g_realloc",
    "g_strdup",
    "g_try_malloc",
    "malloc",
    "memalign",
    "ngx_alloc",
    "ngx_calloc",
    "ngx_create_pool",
    "ngx_memalign",
    "ngx_palloc",
    "ngx_palloc_block",
    "ngx_palloc_large",
    "ngx_pcalloc",
    "ngx_pnalloc",
    "operator new",
    "operator new[]",
    "posix_memalign",
    "realloc",
    "reallocarray",
    "sqlite3DbMallocRaw",
    "sqlite3DbMallocRawNN",
    "sqlite3DbMallocZero",
    "sqlite3Malloc",
    "sqlite3MallocZero",
    "sqlite3MemMalloc",
    "strdup",
    "strndup",
    "uv__calloc",
    "uv__malloc",
    "uv__realloc",
    "uv__strdup",
    "xcalloc",
    "xmalloc",
    "xrealloc",
    "xstrdup",
    "zcalloc",
    "zcalloc_num",
    "zmalloc",
    "zmalloc_usable",
    "zrealloc",
    "zrealloc_usable",
    "zstrdup",
    "ztrycalloc",
    "ztrycalloc_usable",
    "ztrycalloc_usable_internal",
    "ztrymalloc",
    "ztrymalloc_usable",
    "ztrymalloc_usable_internal",
    "ztryrealloc",
    "ztryrealloc_usable",
    "ztryrealloc_usable_internal",
};

/* Standard libraries allocate for whoever instantiates them. */
static const char *const beginnings[] = {
    "std::",
    "__gnu_cxx::",
    "alloc::",
    "core::",
    "<alloc::",
    "<core::",
    "hashbrown::",
    "<hashbrown::",
    "llvm::safe_malloc",
    "v8::ArrayBuffer::",
    "v8::internal::AllocWithRetry",
    "v8::internal::BackingStore::",
    "v8::internal::Factory::",
    "v8::internal::Heap::Allocate",
    "v8::internal::JSArrayBuffer::",
    "v8::internal::Malloced::",
    "node::NodeArrayBufferAllocator::",
    "node::Malloc",
    "node::Realloc",
    "node::UncheckedMalloc",
    "node::UncheckedRealloc",
    "node::UncheckedCalloc",
    "llvm::allocate_buffer",
};

static int compare(const void *left, const void *right)
{
    return strcmp(left, *(const char *const *)right);
}

static bool ends_with(const char *text, const char *end)
{
    size_t bytes = strlen(text), of_end = strlen(end);
    return bytes >= of_end && strcmp(text + bytes - of_end, end) == 0;
}

bool tenure_is_plumbing(const char *function)
{
    /* Of a class: V8's Malloced::operator new. */
    if (ends_with(function, "::operator new") ||
        ends_with(function, "::operator new[]"))
        return true;
    if (bsearch(function, names, sizeof names / sizeof *names, sizeof *names,
                compare))
        return true;
    /* A trait of Rust's library, for whatever type. */
    if (function[0] == '<' && strstr(function, " as alloc::"))
        return true;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(function, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

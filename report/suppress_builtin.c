/*
 * What the C library, its loader and the languages' run-time libraries keep
 * to the end on purpose, once for a process, or grow for reasons of theirs.
 * Each with its reason: a rule nobody can explain does not belong here.
 */
#include "report/suppress.h"

#define ONCE_BYTES 1048576 /* more than a one-off ever is */

/* X(pattern, "reason") */
#define BUILTIN(X)                                                             \
    X("^_dl_open$", "the loader's list of what it loaded")                     \
    X("^dl_open_worker", "the loader's list of what it loaded")                \
    X("^_dl_map_object", "the loader's record of an object")                   \
    X("^_dl_new_object$", "the loader's record of an object")                  \
    X("^_dl_init$", "constructors of libraries run once")                      \
    X("^call_init", "constructors of libraries run once")                      \
    X("^_dl_catch_exception$", "the loader's error text, for dlerror")         \
    X("^_dlerror_run$", "the loader's error text, for dlerror")                \
    X("^_dl_allocate_tls", "one table for each thread, reused")                \
    X("^_dl_resize_dtv$", "one table for each thread, reused")                 \
    X("^allocate_dtv", "one table for each thread, reused")                    \
    X("^__nss_", "name services are loaded once and kept")                     \
    X("^nss_", "name services are loaded once and kept")                       \
    X("^__gconv_", "character set conversions are loaded once and kept")       \
    X("^tzset_internal$", "the time zone is read once and kept")               \
    X("^__tzfile_read$", "the time zone is read once and kept")                \
    X("^setlocale$", "the locale is kept until it is changed")                 \
    X("^_nl_", "message catalogues and locales are kept")                      \
    X("^__new_exitfn$", "the list of atexit handlers is never shorter")        \
    X("^__cxa_thread_atexit", "one list of destructors for each thread")       \
    X("^__res_", "the resolver keeps its state")                               \
    X("^_IO_file_doallocate$", "the buffer of a stream that stays open")       \
    X("^__libc_dynarray_", "the library's own arrays, kept")                   \
    X("^_GLOBAL__sub_I_eh_alloc", "C++ keeps a pool for exceptions")           \
    X("^MallocExtension::Register$",                                           \
      "tcmalloc replaces its first description of itself, once")               \
    X("^v8::internal::MemoryAllocator::",                                      \
      "pages of the JavaScript heap: what is in them a heap snapshot tells")

void tenure_suppressions_add_builtin(struct tenure_suppressions *list)
{
#define X(pattern, reason) {TENURE_RULE_ANY_OF_ITS, pattern},
    static const struct tenure_rule_frame frames[] = {BUILTIN(X)};
#undef X
#define X(pattern, why)                                                        \
    {.text = "leak:" pattern,                                                  \
     .source = "built in",                                                     \
     .reason = (why),                                                          \
     .frame_count = 1,                                                         \
     .lost = true,                                                             \
     .reachable = true,                                                        \
     .optional = true,                                                         \
     .max_bytes = ONCE_BYTES},
    static const struct tenure_rule rules[] = {BUILTIN(X)};
#undef X
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        tenure_suppressions_add(list, &rules[i])->frames = &frames[i];
}

/*
 * A leak for programs that have none of their own, as a library: a function
 * that python calls by ctypes, an extension of sqlite, an addon of node, and
 * for servers, when preloaded, an epoll_wait(). With LEAK in the environment
 * each call leaks a record; every so many calls take a snapshot, so that what
 * is judged does not depend on how fast the machine is.
 *
 * The programs' own headers are not needed: what is used of them stands here
 * and is looked up when the program has it.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "tenure.h"

enum { CALLS_A_ROUND = 100, ROUNDS = 10 };

#define API __attribute__((visibility("default")))

struct record {
    struct record *next;
    char text[200];
};

static _Atomic(struct record *) records;
static atomic_uint calls;

static __attribute__((noinline)) void leak_a_record(void)
{
    struct record *record = calloc(1, sizeof *record);
    if (!record)
        abort();
    record->next = atomic_exchange(&records, record);
}

static __attribute__((noinline)) void be_called(void)
{
    unsigned call = atomic_fetch_add(&calls, 1) + 1;
    if (getenv("LEAK"))
        leak_a_record();
    if (call % CALLS_A_ROUND == 0 && call <= CALLS_A_ROUND * ROUNDS)
        tenure_take_snapshot("round");
}

API void call_from_python(void);
void call_from_python(void)
{
    be_called();
}

/* sqlite: select called() */
struct sqlite3;
int sqlite3_create_function(struct sqlite3 *, const char *, int, int, void *,
                            void (*)(void *, int, void **), void *, void *)
    __attribute__((weak));
void sqlite3_result_int(void *, int) __attribute__((weak));

static void call_from_sqlite(void *context, int count, void **values)
{
    (void)count;
    (void)values;
    be_called();
    sqlite3_result_int(context, 1);
}

API int sqlite3_extension_init(struct sqlite3 *db, char **error,
                               const void *api);
int sqlite3_extension_init(struct sqlite3 *db, char **error, const void *api)
{
    (void)error;
    (void)api;
    return sqlite3_create_function(db, "called", 0, 1, NULL, call_from_sqlite,
                                   NULL, NULL);
}

/* node: process.dlopen(module, path); module.exports() */
typedef void *napi;
int napi_create_function(napi, const char *, size_t, napi (*)(napi, napi),
                         void *, napi *) __attribute__((weak));

static napi call_from_node(napi env, napi info)
{
    (void)env;
    (void)info;
    be_called();
    return NULL;
}

API napi napi_register_module_v1(napi env, napi exports);
napi napi_register_module_v1(napi env, napi exports)
{
    napi function;
    return napi_create_function(env, "called", 6, call_from_node, NULL,
                                &function) == 0
               ? function
               : exports;
}

API int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
    static int (*real)(int, struct epoll_event *, int, int);
    if (!real)
        real = (int (*)(int, struct epoll_event *, int, int))dlsym(
            RTLD_NEXT, "epoll_wait");
    be_called();
    return real(fd, events, room, timeout);
}

/*
 * The private jemalloc and what stands between it and the service.
 *
 * agent/heap/private_jemalloc.cmake renames its public functions to pj_* and
 * sends its questions about the environment to the pj_os_* stubs here: the
 * service's MALLOC_CONF and /etc/malloc.conf configure the service's
 * jemalloc, never ours, and its maps do not run through our own mmap hook.
 */
#include "agent/heap.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "agent/lock.h"
#include "agent/os.h"

void *pj_mallocx(size_t bytes, int flags);
void pj_dallocx(void *memory, int flags);
int pj_mallctl(const char *name, void *old, size_t *old_bytes, void *new,
               size_t new_bytes);

/* No thread cache: it would cost every thread that enters a slow path. */
extern const char *pj_malloc_conf;
const char *pj_malloc_conf =
    "abort:false,stats_print:false,background_thread:false,"
    "narenas:1,tcache:false,dirty_decay_ms:1000,muzzy_decay_ms:0,"
    "retain:false";

enum { MALLOCX_ZERO = 0x40 }; /* jemalloc(3) */

/* Protects all of jemalloc: one thread at a time is in it, so none of its
 * own locks is ever waited for, and none is held across fork(). */
static struct tenure__lock lock;

#define FOREVER_MS UINT32_MAX

void *tenure__heap_new(size_t bytes)
{
    tenure__lock_take(&lock, FOREVER_MS);
    void *memory = pj_mallocx(bytes > 0 ? bytes : 1, MALLOCX_ZERO);
    tenure__lock_give(&lock);
    return memory;
}

void *tenure__heap_grow(void *old, size_t old_bytes, size_t bytes)
{
    void *grown = tenure__heap_new(bytes);
    if (grown != NULL && old != NULL) {
        memcpy(grown, old, old_bytes < bytes ? old_bytes : bytes);
        tenure__heap_free(old);
    }
    return grown;
}

void tenure__heap_free(void *memory)
{
    if (memory == NULL)
        return;
    tenure__lock_take(&lock, FOREVER_MS);
    pj_dallocx(memory, 0);
    tenure__lock_give(&lock);
}

uint64_t tenure__heap_resident_bytes(void)
{
    uint64_t epoch = 1;
    size_t resident = 0, bytes = sizeof resident;
    tenure__lock_take(&lock, FOREVER_MS);
    pj_mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    int error = pj_mallctl("stats.resident", &resident, &bytes, NULL, 0);
    tenure__lock_give(&lock);
    return error == 0 ? resident : 0;
}

/* Only a thread inside jemalloc holds it, for microseconds; in a child made
 * by a raw clone() it may be held by nobody for ever. */
#define FORK_WAIT_MS 1000u

void tenure__heap_before_fork(void)
{
    if (!tenure__lock_take(&lock, FORK_WAIT_MS))
        lock.word = 1;
}

void tenure__heap_after_fork(void)
{
    tenure__lock_give(&lock);
}

/* ---- what jemalloc asks of the system ---------------------------------- */

char *pj_os_secure_getenv(const char *name);
char *pj_os_secure_getenv(const char *name)
{
    (void)name;
    return NULL;
}

ssize_t pj_os_readlink(const char *path, char *to, size_t bytes);
ssize_t pj_os_readlink(const char *path, char *to, size_t bytes)
{
    (void)path;
    (void)to;
    (void)bytes;
    return -1;
}

int pj_os_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                         void (*child)(void));
int pj_os_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                         void (*child)(void))
{
    (void)prepare;
    (void)parent;
    (void)child;
    return 0;
}

int pj_os_atexit(void (*handler)(void));
int pj_os_atexit(void (*handler)(void))
{
    (void)handler;
    return 0;
}

int pj_os_pthread_create(void *thread, const void *how, void *(*run)(void *),
                         void *with);
int pj_os_pthread_create(void *thread, const void *how, void *(*run)(void *),
                         void *with)
{
    (void)thread;
    (void)how;
    (void)run;
    (void)with;
    return 11; /* EAGAIN: background threads are off */
}

void *pj_os_dlsym(void *handle, const char *name);
void *pj_os_dlsym(void *handle, const char *name)
{
    (void)handle;
    (void)name;
    return NULL;
}

void *pj_os_sbrk(intptr_t by);
void *pj_os_sbrk(intptr_t by)
{
    (void)by;
    return MAP_FAILED; /* as sbrk: (void *)-1; the break is the service's */
}

void *pj_os_mmap(void *at, size_t bytes, int protection, int flags, int fd,
                 off_t offset);
void *pj_os_mmap(void *at, size_t bytes, int protection, int flags, int fd,
                 off_t offset)
{
    long mapped = tenure__syscall6(SYS_mmap, (long)at, (long)bytes, protection,
                                   flags, fd, (long)offset);
    if (mapped < 0 && mapped > -4096)
        return MAP_FAILED;
    tenure__os_mine((uint64_t)mapped, bytes);
    return (void *)mapped;
}

int pj_os_munmap(void *at, size_t bytes);
int pj_os_munmap(void *at, size_t bytes)
{
    tenure__os_not_mine((uint64_t)at, bytes);
    return tenure__syscall2(SYS_munmap, at, bytes) == 0 ? 0 : -1;
}

void pj_os_exit(int status);
void pj_os_exit(int status)
{
    for (;;)
        tenure__syscall1(SYS_exit_group, status);
}

int pj_os_unwind_backtrace(void *visit, void *with);
int pj_os_unwind_backtrace(void *visit, void *with)
{
    (void)visit;
    (void)with;
    return 0;
}

uintptr_t pj_os_unwind_ip(void *context);
uintptr_t pj_os_unwind_ip(void *context)
{
    (void)context;
    return 0;
}

/* Only jemalloc's profiler, which is off, uses these; they keep libm out. */
double pj_os_exp(double x);
double pj_os_exp(double x)
{
    return x;
}

double pj_os_log(double x);
double pj_os_log(double x)
{
    return x;
}

double pj_os_round(double x);
double pj_os_round(double x)
{
    return x;
}

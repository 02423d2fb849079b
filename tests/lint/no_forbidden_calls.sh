#!/bin/sh
# What the code that runs inside the target calls of libc: only what can
# neither lock nor allocate, by an allow list. The private jemalloc is not
# ours and has a list of its own: it asks libc for locks (which are never
# waited for: agent/heap.c) and for little else, and for no memory.
#
#   sh no_forbidden_calls.sh AGENT_ARCHIVE LIBTENURE_SO HOOKS_DEF TENURE_H
set -eu
archive=$1
library=$2
hooks=$3
header=$4

# Bytes and strings; what the kernel and the loader know; fork and exit.
own='
memchr memcmp memcpy memmove memset
strchr strcmp strcspn strlen strncmp strnlen strrchr strspn strstr
__errno_location getauxval __libc_stack_end _r_debug _dl_find_object
dl_iterate_phdr pthread_key_create pthread_setspecific
__register_atfork __cxa_at_quick_exit __cxa_atexit __cxa_finalize
'
# With verify=N, once at the start, never in a hook; dlopen() needs libc's
# environment, which preload/life.c sets for it.
verify='dlopen dlsym getcontext environ __environ'
jemalloc='
__ctype_b_loc __sched_cpucount __stack_chk_fail abort clock_gettime close
creat getpagesize getpid gettimeofday madvise mprotect open
pthread_cond_init pthread_cond_signal pthread_cond_timedwait
pthread_cond_wait pthread_getname_np pthread_join pthread_mutex_init
pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock
pthread_mutexattr_destroy pthread_mutexattr_init pthread_mutexattr_settype
pthread_self pthread_setname_np pthread_sigmask sched_getaffinity
sched_getcpu sched_setaffinity sched_yield sigfillset strcpy strerror_r
strncpy syscall sysconf
'

scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_lint_XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# complain_unless WHAT NAMES: each line of stdin has to be one of the names.
complain_unless() {
    echo "$2" | tr ' ' '\n' | grep . >"$scratch/allowed"
    sort -u | grep -vxF -f "$scratch/allowed" | sed "s/^/$1 /" \
        >>"$scratch/complaints"
}

# Undefined in an object of the archive, but not a name of ours or of the
# compiler's: "object name" a line.
nm -A --undefined-only "$archive" |
    sed 's/^[^:]*:\([^:]*\): *[Uvw] /\1 /' |
    grep -v -e ' tenure_' -e ' pj_' -e ' _GLOBAL_OFFSET_TABLE_' \
        -e ' __popcountdi2' -e ' _ITM_' -e ' __gmon_start__' \
        >"$scratch/objects"

grep -v -e '^private_jemalloc' -e '^unwind_verify' "$scratch/objects" |
    cut -d' ' -f2 | complain_unless "the agent calls" "$own"
grep '^unwind_verify' "$scratch/objects" | cut -d' ' -f2 |
    complain_unless "unwind_verify.c calls" "$own $verify"
grep '^private_jemalloc' "$scratch/objects" | cut -d' ' -f2 |
    complain_unless "the private jemalloc calls" "$own $jemalloc"

# And what the finished library asks for, hooks included.
nm -D --undefined-only "$library" | awk '{ print $2 }' | sed 's/@.*//' |
    complain_unless "libtenure.so imports" \
        "$own $jemalloc $verify _ITM_deregisterTMCloneTable
        _ITM_registerTMCloneTable __gmon_start__"
readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    sed 's/\.so.*//; s/^ld-linux.*/ld-linux/' |
    complain_unless "libtenure.so needs" "libc ld-linux"

# It shows the program its hooks, tenure.h, the names that LeakSanitizer has
# for the same, and the name of the leak that is there on purpose; nothing of
# its inside.
lsan='
__lsan_disable __lsan_enable __lsan_ignore_object
__lsan_register_root_region __lsan_unregister_root_region
__lsan_do_leak_check __lsan_do_recoverable_leak_check
'
nm -D --defined-only "$library" | awk '{ print $3 }' | sed 's/@.*//' |
    complain_unless "libtenure.so exports" \
        "tenure_self_test_leak $lsan
        $(sed -n 's/^X([^,]*, *\([A-Za-z_0-9]*\).*/\1/p' "$hooks")
        $(sed -n 's/.* \(tenure_[a-z_]*\)(.*/\1/p' "$header")"

cat "$scratch/complaints" >&2
[ ! -s "$scratch/complaints" ]

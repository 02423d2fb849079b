/*
 * A seccomp filter made of the system calls that it allows; all others end
 * the process.
 */
#ifndef TENURE_TESTS_FILTER_H
#define TENURE_TESTS_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#define FILTER_START                                                           \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW(number)                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FILTER_END BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* What a computing thread needs. */
#define ALLOW_COMPUTING                                                        \
    ALLOW(__NR_read), ALLOW(__NR_write), ALLOW(__NR_exit),                     \
        ALLOW(__NR_exit_group), ALLOW(__NR_mmap), ALLOW(__NR_munmap),          \
        ALLOW(__NR_mremap), ALLOW(__NR_mprotect), ALLOW(__NR_madvise),         \
        ALLOW(__NR_brk), ALLOW(__NR_futex), ALLOW(__NR_rt_sigprocmask),        \
        ALLOW(__NR_rt_sigreturn), ALLOW(__NR_clock_gettime),                   \
        ALLOW(__NR_clock_nanosleep), ALLOW(__NR_nanosleep)

#endif

/*
 * Finds the agent's part of a thread by the offset of its variables from the
 * thread pointer, which is the same in every thread (they are initial-exec).
 */
#include "agent/roots_agent.h"

#include <stddef.h>
#include <sys/uio.h>

#include "agent/helper.h"
#include "agent/helper_arch.h"
#include "agent/os.h"
#include "agent/threads.h"

/* All frames between the request and the system call that waits, and those
 * of a signal handler that interrupted it. */
#define FRAMES_BYTES (1u << 20)

static uint64_t local_of(uint64_t thread_pointer)
{
    return thread_pointer +
           ((uint64_t)&tenure__local - tenure__thread_pointer());
}

void tenure__agent_variables(uint64_t thread_pointer,
                             struct tenure__ranges *never)
{
    int64_t offset;
    size_t bytes;
    tenure__helper_tls(&offset, &bytes);
    if (bytes == 0 || thread_pointer == 0)
        return;
    uint64_t start = thread_pointer + (uint64_t)offset;
    uint64_t kept = local_of(thread_pointer) +
                    offsetof(struct tenure__local, alternate_stack);
    tenure__ranges_add(never, start, kept);
    tenure__ranges_add(never, kept + sizeof(void *), start + bytes);
}

uint64_t tenure__service_stack(const struct tenure__stopped_thread *thread)
{
    uint64_t sp = thread->stack_pointer, waiting = 0;
    uint64_t at = local_of(thread->thread_pointer) +
                  offsetof(struct tenure__local, waiting_sp);
    struct iovec to = {&waiting, sizeof waiting};
    struct iovec from = {(void *)at, sizeof waiting};
    if (thread->thread_pointer == 0 ||
        tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(), (long)&to, 1,
                         (long)&from, 1, 0) != sizeof waiting)
        return sp;
    return waiting > sp && waiting - sp < FRAMES_BYTES ? waiting : sp;
}

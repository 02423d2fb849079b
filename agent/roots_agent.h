/*
 * What of a service's thread is the agent's own, and never a root: its
 * thread-local variables, and the frames and registers of a thread that
 * waits inside the agent for the snapshot to be made.
 *
 * For the walker: reads the memory of threads by a system call that fails
 * where reading would raise a signal, for a thread pointer may be anything.
 */
#ifndef TENURE_AGENT_ROOTS_AGENT_H
#define TENURE_AGENT_ROOTS_AGENT_H

#include <stdint.h>

#include "agent/ranges.h"
#include "agent/stop.h"

/* Adds the variables around a thread pointer. The memory of the alternate
 * signal stack, which only the kernel knows, is the service's: left out. */
void tenure__agent_variables(uint64_t thread_pointer,
                             struct tenure__ranges *never);

/* Where the service's own frames of a thread end: its stack pointer, but
 * above the agent's if it waits. */
uint64_t tenure__service_stack(const struct tenure__stopped_thread *thread);

#endif

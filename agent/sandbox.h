/*
 * What a seccomp filter would do to the agent, asked before it is set.
 *
 * A filter is a small program over the number and the arguments of a system
 * call (seccomp(2)). It is read from the service's memory and run here for
 * each call that the agent makes: one that lets all of them return, be it
 * with an error, is none of our business. For the hooks of prctl() and
 * syscall(); no lock, no heap.
 */
#ifndef TENURE_AGENT_SANDBOX_H
#define TENURE_AGENT_SANDBOX_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thread is about to set a filter (struct sock_fprog), or NULL for strict
 * mode. True if the agent can go on as before; else it is sandboxed from now
 * on, and in all children. */
bool tenure__sandbox_enter(const void *program);

/* Has there been a filter that the agent would not survive? */
bool tenure__sandboxed(void);

/* May a thread of the service ask for its PID? */
bool tenure__sandbox_may_ask_pid(void);

/* Used in unit tests. Does the call return under this filter? */
bool tenure__sandbox_returns(const struct sock_filter *filter, size_t count,
                             long call);

#endif

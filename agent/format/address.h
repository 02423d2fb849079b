/*
 * Where an agent listens: abstract AF_UNIX names, the same for those who
 * listen and those who call.
 *
 * The agent of the process that knows itself as N takes "\0tenure/N". Other
 * PID namespaces of the same network namespace may have an N of their own
 * (each container of a pod has a 1): then "\0tenure/N.1" and so on, the first
 * that is free. Who calls tries them all and asks the kernel who answers.
 */
#ifndef TENURE_FORMAT_ADDRESS_H
#define TENURE_FORMAT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

/* Names of one number. Beyond: an agent does not listen (failed_listens),
 * and tries again now and then. */
#define TENURE_ADDRESSES 64u

/* Makes name `which` (from 0) of process `pid`; the length to give to bind()
 * or connect(). Allocates nothing, calls nothing of libc but memcpy. */
uint32_t tenure_format_address(struct sockaddr_un *address, uint32_t pid,
                               uint32_t which);

#endif

/*
 * The control socket's system calls: listening under an abstract name, and
 * one short conversation at a time. Helper thread only.
 */
#ifndef TENURE_AGENT_SOCKET_H
#define TENURE_AGENT_SOCKET_H

#include <stddef.h>
#include <stdint.h>

/* A listening descriptor for the first free name of the process
 * (agent/format/address.h), or a negative errno value. */
int tenure__socket_listen(uint32_t pid);

/* Takes a caller who may ask (same user or root) and reads his line, without
 * the newline; a descriptor that came with it goes to *passed, else -1.
 * The connection, or a negative errno value: nobody was there to answer. */
int tenure__socket_accept(int listening, char *line, size_t room, int *passed);

/* Sends the answer, which ends in a newline, and hangs up. */
void tenure__socket_answer(int connection, const char *line);

#endif

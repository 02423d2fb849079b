/*
 * Files of /proc that belong to one process or thread: raw system calls, a
 * caller's buffer, no heap. Async-signal-safe; nothing here needs
 * thread-local storage.
 */
#ifndef TENURE_AGENT_PROC_H
#define TENURE_AGENT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens /proc/PID/FILE, or /proc/PID/task/TID/FILE if tid is not 0; pid 0 is
 * "self". A descriptor or a negative error. */
int tenure__proc_open(int pid, int tid, const char *file, int flags);

/* Reads a file whole into a buffer, zero-terminated: its length, or a
 * negative error. What does not fit is cut. */
long tenure__proc_read(int pid, int tid, const char *file, char *buffer,
                       size_t bytes);

/* Calls visit for each number that is an entry of the directory, which it
 * closes. False from visit ends it. 0 or a negative error. */
int tenure__proc_numbers(int directory, bool (*visit)(int number, void *with),
                         void *with);

/* A hexadecimal number, 0x or not, at *at, which moves behind it. */
bool tenure__proc_hex(const char **at, uint64_t *number);

/* The text behind `key` if the line or text has it, or NULL. */
const char *tenure__proc_find(const char *text, const char *key);

#endif

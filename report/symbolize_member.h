/*
 * Which member of a variable a place in it is, by DWARF. Internal to
 * symbolize*.c. Units are searched once, when it is first asked.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_MEMBER_H
#define TENURE_REPORT_SYMBOLIZE_MEMBER_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/symbolize_data.h"

/* Of an address: a place in the memory that each thread has of its own. */
#define TENURE_MEMBER_THREAD_LOCAL (UINT64_C(1) << 63)

struct tenure_members;

/* Of a module that stays open. */
struct tenure_members *tenure_members_new(Dwfl_Module *module);
void tenure_members_free(struct tenure_members *members);

/* ".db[0].dict" for `offset` in the variable at `address`, counted as the ELF
 * file does; false if its type is unknown or has no parts. *to is what a
 * pointer there points to. */
bool tenure_members_find(struct tenure_members *members, uint64_t address,
                         uint64_t offset, char *text, size_t bytes,
                         struct tenure_pointee *to);

#endif

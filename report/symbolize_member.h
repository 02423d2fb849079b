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

struct tenure_members;

/* Of a module that stays open. */
struct tenure_members *tenure_members_new(Dwfl_Module *module);
void tenure_members_free(struct tenure_members *members);

/* ".db[0].dict" for `offset` in the variable at `address`, counted as the ELF
 * file does; false if its type is unknown or has no parts. */
bool tenure_members_find(struct tenure_members *members, uint64_t address,
                         uint64_t offset, char *text, size_t bytes);

#endif

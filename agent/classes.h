/*
 * Which C++ objects the live blocks are, as far as memory tells: an object
 * of a class with virtual functions begins with the address of its vtable,
 * which lies in a mapped ELF object.
 *
 * Any first word that points into one is counted; whether it is a vtable,
 * and whose, the reporter finds in the symbols. In the walker: single
 * thread, memory from tenure__os_map.
 */
#ifndef TENURE_AGENT_CLASSES_H
#define TENURE_AGENT_CLASSES_H

#include "agent/format/format.h"
#include "agent/mark_index.h"

/* Fills row[TENURE_TYPE_ROWS_MAX], sorted as in the file, and returns how
 * many; blocks born after `generation` are left out. Without memory for it
 * there are none. */
uint32_t tenure__classes_find(const struct tenure__mark_source *source,
                              uint32_t generation, struct tenure_type *row);

#endif

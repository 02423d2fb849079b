/*
 * Whose malloc a module calls that was loaded while the program ran. Most
 * call the hooks. What was loaded with RTLD_DEEPBIND, or by dlmopen() into a
 * namespace of its own, finds another definition first: its blocks are
 * unseen, and reports have to say so.
 *
 * Nothing is asked of the loader and no function of it is interposed, since
 * dlopen() goes by its caller: the slots are read through which a module calls
 * (its GOT). Most are bound at the first call only, so they are read again at
 * each refresh of the modules, and before a module goes.
 *
 * All but the last three: with the lock of modules.c held; `read` is one that
 * does no harm where the module may go meanwhile.
 */
#ifndef TENURE_AGENT_BINDINGS_H
#define TENURE_AGENT_BINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "agent/modules.h"

/* Copies memory of the program: 0, or a negative errno value. */
typedef int tenure__read(void *to, uint64_t from, size_t bytes);

/* At a module that is mapped, and is entry `index` of the table. */
void tenure__bindings_look(uint32_t index, struct tenure__module *module,
                           tenure__read *read);

/* At the modules of namespaces that are not the program's. */
void tenure__bindings_look_elsewhere(tenure__read *read);

/* The module went. */
void tenure__bindings_forget(uint32_t index, struct tenure__module *module);

/* Once, at the start: the program defines malloc itself. */
void tenure__bindings_own(const char *program);

/* Modules found so far that have calls which are unseen, each path once; and
 * their paths, NULL beyond those that are kept. Any thread. */
uint32_t tenure__bindings_unseen(void);
const char *tenure__bindings_unseen_path(uint32_t at);

#endif

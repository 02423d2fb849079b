/*
 * Tells the check that started us who runs with the agent: see
 * agent/format/ledger.h. Without a check none of this does anything.
 *
 * Async-signal-safe after the opening, takes no lock, keeps errno; may be
 * called in a child that shares its parent's memory.
 */
#ifndef TENURE_AGENT_LEDGER_H
#define TENURE_AGENT_LEDGER_H

#include <stdint.h>

struct tenure_ledger_entry;

/* Once, before main(): maps the file; "" = there is none. */
void tenure__ledger_open(const char *path);

/* This process, as tenure__identity has it. */
void tenure__ledger_began(void);
void tenure__ledger_ended(void);

/* An entry to be filled in, NULL if there is none to be had. */
struct tenure_ledger_entry *tenure__ledger_take(void);

#endif

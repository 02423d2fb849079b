/*
 * The minor report: one line for each generation, while the service runs, in
 * the shape of V8's --trace-gc. Helper thread only.
 *
 *   [4711]    61043 ms: Minor 12 (period): live 34.2 (81230) -> 35.1 (83001)
 *   MB (blocks), promoted 0.8 MB, tenured 20.1 MB, 3.2 ms, top +0.4 MB
 *   redis-server+0x5a1b3
 *
 * (one line). Promoted: what has just become tenured, having survived two
 * generation ends. Top: the site whose live bytes grew most, by the first
 * frame outside libtenure and the allocator, as `addr2line -e` wants it.
 */
#ifndef TENURE_AGENT_TRACE_H
#define TENURE_AGENT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/fold.h"

struct tenure__trace {
    uint64_t age_ns, took_ns;
    uint32_t generation;
    enum tenure_trigger trigger;
    bool major;
    int error; /* of writing the file; 0 = it is there */
    const struct tenure__rows *before, *now; /* sorted */
};

/* Where lines go: a file's name, which is kept; "-", stderr, which is then the
 * one descriptor that the helper keeps of the service's; "" = nowhere. */
void tenure__trace_open(const char *file);
bool tenure__trace_keeps_stderr(void);

void tenure__trace_line(const struct tenure__trace *trace);

#endif

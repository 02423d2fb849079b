/*
 * The unwinder's oracle: libunwind, asked about the same stack.
 *
 * libunwind is loaded only if this is opened, privately, so that nothing of
 * it gets in the way of the target's own unwinding. A comparison may allocate
 * through the target's malloc, so the caller's guard against recursion must
 * be set; it is for tests and doubt, not for production.
 */
#ifndef TENURE_AGENT_UNWIND_VERIFY_H
#define TENURE_AGENT_UNWIND_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/unwind.h"

struct tenure__verify; /* memory of one comparison */

/* 0 or -ENOENT: libunwind is not there. */
int tenure__verify_open(void);
size_t tenure__verify_bytes(void);

/*
 * True if the stack of `site` is what libunwind finds from `start`, whose
 * frame must still be on the stack: all pcs that both have are equal, and
 * ours ends early only if it has at least `cut_min` frames. libunwind may end
 * early where there is no call frame information.
 */
bool tenure__verify(struct tenure__verify *verify,
                    const struct tenure__start *start, uint32_t site,
                    uint32_t cut_min);

/* Used in tests: libunwind's pcs of the last comparison, from `start`. */
const uint64_t *tenure__verify_pcs(const struct tenure__verify *verify,
                                   uint32_t *count);

#endif

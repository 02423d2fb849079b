/*
 * The counters of rare events, for whoever counts one and for the snapshot.
 */
#include "agent/counters.h"

uint64_t tenure__counter[256];

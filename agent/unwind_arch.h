/* Chooses the one file of unwinding conventions for this machine. */
#if defined(__x86_64__)
#include "agent/unwind_x86_64.h"
#elif defined(__aarch64__)
#include "agent/unwind_aarch64.h"
#else
#error "tenure runs on x86_64 and aarch64"
#endif

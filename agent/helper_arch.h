/* Chooses the helper thread's machine code for this machine. */
#if defined(__x86_64__)
#include "agent/helper_arch_x86_64.h"
#elif defined(__aarch64__)
#include "agent/helper_arch_aarch64.h"
#endif

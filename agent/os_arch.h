/* Chooses the one file of system call instructions for this machine. */
#if defined(__x86_64__)
#include "agent/os_arch_x86_64.h"
#elif defined(__aarch64__)
#include "agent/os_arch_aarch64.h"
#else
#error "tenure runs on x86_64 and aarch64"
#endif

/* System calls on x86_64: the kernel clobbers rcx and r11. */
#ifndef TENURE_AGENT_OS_ARCH_H
#define TENURE_AGENT_OS_ARCH_H

static inline long tenure__syscall6(long n, long a, long b, long c, long d,
                                    long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define TENURE_ELF_MACHINE 62u        /* EM_X86_64 */
#define TENURE_AUDIT_ARCH 0xc000003eu /* AUDIT_ARCH_X86_64 */

/* Of a pointer, what the machine goes by. */
#define TENURE_POINTER_BITS UINT64_MAX

/* Relocations that name a symbol: of a call, of an address in the table that
 * calls go through, and of any other pointer. */
#define TENURE_RELOCATION_JUMP 7u    /* R_X86_64_JUMP_SLOT */
#define TENURE_RELOCATION_DATA 6u    /* R_X86_64_GLOB_DAT */
#define TENURE_RELOCATION_POINTER 1u /* R_X86_64_64 */

#endif

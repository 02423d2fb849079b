/* System calls on aarch64: number in x8, arguments and result from x0. */
#ifndef TENURE_AGENT_OS_ARCH_H
#define TENURE_AGENT_OS_ARCH_H

static inline long tenure__syscall6(long n, long a, long b, long c, long d,
                                    long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8)
                     : "memory");
    return x0;
}

#define TENURE_ELF_MACHINE 183u       /* EM_AARCH64 */
#define TENURE_AUDIT_ARCH 0xc00000b7u /* AUDIT_ARCH_AARCH64 */

/* Of a pointer, what the machine goes by: the top byte may hold a tag. */
#define TENURE_POINTER_BITS (UINT64_MAX >> 8)

/* Relocations that name a symbol: of a call, of an address in the table that
 * calls go through, and of any other pointer. */
#define TENURE_RELOCATION_JUMP 1026u   /* R_AARCH64_JUMP_SLOT */
#define TENURE_RELOCATION_DATA 1025u   /* R_AARCH64_GLOB_DAT */
#define TENURE_RELOCATION_POINTER 257u /* R_AARCH64_ABS64 */

#endif

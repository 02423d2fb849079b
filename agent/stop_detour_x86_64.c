/*
 * The detour of a waiting thread on x86_64.
 *
 * A thread comes with the arguments of ppoll(2) in its registers and the
 * struct in r9, and leaves with its own. A system call destroys rcx and r11,
 * so those are free; jrcxz leaves the flags alone.
 */
#include "agent/stop_detour.h"

#include <sys/syscall.h>

/* Whoever unwinds finds the frame of the call below: the return address is
 * behind_pc, by DW_CFA_expression: 16 (rip), DW_OP_breg9 64. */
__asm__(
    ".text\n"
    ".globl tenure__detour_begin, tenure__detour_wait\n"
    ".globl tenure__detour_end\n"
    ".hidden tenure__detour_begin, tenure__detour_wait\n"
    ".hidden tenure__detour_end\n"
    ".type tenure__detour_begin, @function\n"
    "tenure__detour_begin:\n"
    ".cfi_startproc simple\n"
    ".cfi_signal_frame\n"
    ".cfi_def_cfa rsp, 0\n"
    ".cfi_escape 0x10, 16, 3, 0x79, 0xc0, 0x00\n"
    "    syscall\n"
    "tenure__detour_wait:\n"
    "    mov %rax, %rcx\n"
    "    jrcxz 1f\n"
    "    lea 4(%rax), %rcx\n" /* EINTR */
    "    jrcxz 2f\n"
    "    mov 48(%r9), %rax\n" /* ready, or no such thing as ppoll */
    "    mov 56(%r9), %rcx\n"
    "    jmp 3f\n"
    "1:  mov 72(%r9), %rax\n" /* in time it was not */
    "2:  mov 64(%r9), %rcx\n"
    "3:  mov 0(%r9), %rdi\n"
    "    mov 8(%r9), %rsi\n"
    "    mov 16(%r9), %rdx\n"
    "    mov 24(%r9), %r10\n"
    "    mov 32(%r9), %r8\n"
    ".cfi_register rip, rcx\n"
    "    mov 40(%r9), %r9\n"
    "    jmp *%rcx\n"
    ".cfi_endproc\n"
    "tenure__detour_end:\n"
    ".size tenure__detour_begin, . - tenure__detour_begin\n");

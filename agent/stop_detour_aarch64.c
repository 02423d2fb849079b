/*
 * The detour of a waiting thread on aarch64.
 *
 * A thread comes with the arguments of ppoll(2) in its registers and the
 * struct in x5, and leaves with its own, but for x17, which belongs to the
 * linker at calls, and which no libc holds anything in over a svc. The way
 * back is a ret, since that may lead anywhere in code that is guarded (BTI).
 */
#include "agent/stop_detour.h"

#include <sys/syscall.h>

/* Whoever unwinds finds the frame of the call below: the return address, in
 * the column that signal frames use for it (96), is behind_pc, by
 * DW_CFA_expression: DW_OP_breg5 64. */
__asm__(
    ".text\n"
    ".globl tenure__detour_begin, tenure__detour_wait\n"
    ".globl tenure__detour_end\n"
    ".hidden tenure__detour_begin, tenure__detour_wait\n"
    ".hidden tenure__detour_end\n"
    ".type tenure__detour_begin, %function\n"
    "tenure__detour_begin:\n"
    ".cfi_startproc simple\n"
    ".cfi_signal_frame\n"
    ".cfi_return_column 96\n"
    ".cfi_def_cfa sp, 0\n"
    ".cfi_escape 0x10, 96, 3, 0x75, 0xc0, 0x00\n"
    "    svc #0\n"
    "tenure__detour_wait:\n"
    "    cbz x0, 1f\n"
    "    add x17, x0, #4\n" /* EINTR */
    "    cbz x17, 2f\n"
    "    ldr x0, [x5, #0]\n" /* ready, or no such thing as ppoll */
    "    ldr x17, [x5, #56]\n"
    "    b 3f\n"
    "1:  ldr x0, [x5, #72]\n" /* in time it was not */
    "2:  ldr x17, [x5, #64]\n"
    "3:  ldr x8, [x5, #48]\n"
    "    ldp x1, x2, [x5, #8]\n"
    "    ldp x3, x4, [x5, #24]\n"
    ".cfi_register 96, x17\n"
    "    ldr x5, [x5, #40]\n"
    "    ret x17\n"
    ".cfi_endproc\n"
    "tenure__detour_end:\n"
    ".size tenure__detour_begin, . - tenure__detour_begin\n");

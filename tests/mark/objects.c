/*
 * Blocks whose every property is known, for what --objects says of them.
 *
 *   objects         prints what a snapshot has to list, then takes three
 *   objects many N  takes one with N blocks of many sizes and sites
 *
 * Printed are `block ADDRESS BYTES MARK FIRST_WORD LABEL` (blocks of one
 * label come from one call of malloc), `edge ADDRESS OFFSET ADDRESS HOW` and
 * `root ADDRESS` for a block that a global holds.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/include/tenure.h"

#define NOINLINE __attribute__((noinline, noclone))

static void **volatile held[8];

/* Zeroed, whatever was there before. */
static void **made(void *block, size_t bytes)
{
    return memset(block, 0, bytes);
}

static void say(void **block, size_t bytes, const char *mark, const char *label)
{
    printf("block %" PRIx64 " %zu %s %" PRIx64 " %s\n", (uint64_t)block, bytes,
           mark, bytes < 8 ? 0 : (uint64_t)*block, label);
}

static void link_to(void **from, size_t offset, void **to, size_t into,
                    const char *how)
{
    void *pointer = (char *)to + into;
    memcpy((char *)from + offset, &pointer, sizeof pointer);
    printf("edge %" PRIx64 " %zu %" PRIx64 " %s\n", (uint64_t)from, offset,
           (uint64_t)to, how);
}

static void hold(int place, void **block)
{
    held[place] = block;
    printf("root %" PRIx64 "\n", (uint64_t)block);
}

static NOINLINE void **node(void)
{
    return made(malloc(40), 40);
}

static NOINLINE void make_list(void)
{
    void **first = node(), **second = node(), **third = node();
    link_to(first, 0, second, 0, "start");
    link_to(second, 0, third, 0, "start");
    hold(0, first);
    say(first, 40, "reached", "node");
    say(second, 40, "reached", "node");
    say(third, 40, "reached", "node");
}

static NOINLINE void **branch(size_t bytes)
{
    return made(malloc(bytes), bytes);
}

/* One of a megabyte, whose last words hold two of other kinds. */
static NOINLINE void make_tree(void)
{
    void **root = branch(1 << 20), **left = branch(1), **right = branch(300);
    link_to(root, 8, left, 0, "start");
    link_to(root, (1 << 20) - 16, right, 16, "inside");
    link_to(root, (1 << 20) - 8, right, 3, "tagged");
    hold(1, root);
    say(root, 1 << 20, "reached", "branch");
    say(left, 1, "reached", "branch");
    say(right, 300, "reached", "branch");
}

static NOINLINE void make_possible(void)
{
    void **outer = branch(64), **inner = branch(64);
    link_to(outer, 24, inner, 32, "inside");
    hold(2, outer);
    say(outer, 64, "reached", "branch");
    say(inner, 64, "possible", "branch");
}

static NOINLINE void make_lost_cycle(void)
{
    void **a = node(), **b = node(), **c = node();
    link_to(a, 0, b, 0, "start");
    link_to(b, 0, c, 0, "start");
    link_to(c, 8, a, 0, "start");
    say(a, 40, "lost", "node");
    say(b, 40, "lost", "node");
    say(c, 40, "lost", "node");
}

static NOINLINE void make_unaligned(void)
{
    void **holder = branch(48), **held_there = branch(8);
    link_to(holder, 21, held_there, 0, "unaligned");
    hold(3, holder);
    say(holder, 48, "reached", "branch");
    say(held_there, 8, "possible", "branch");
}

static NOINLINE void make_grown(void)
{
    void **grown = branch(24);
    grown = made(realloc(grown, 5000), 5000);
    grown[0] = (void *)held;
    hold(4, grown);
    say(grown, 5000, "reached", "branch");
}

static NOINLINE void scrub(void)
{
    volatile char stack[65536];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 1;
}

static NOINLINE void **deeper(int depth, size_t bytes)
{
    void **block =
        depth > 0 ? deeper(depth - 1, bytes) : made(malloc(bytes), bytes);
    __asm__ volatile("");
    return block;
}

/* Sizes of 8 to 500 bytes at hundreds of stacks; each points to others. */
static void make_many(size_t count)
{
    void **all = calloc(count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        size_t bytes = 8 + (size_t)rand() % 500;
        void **block = deeper(rand() % 400, bytes);
        for (size_t w = 0; w < bytes / 8 && w < 4; w++)
            block[w] = w % 2 == 0 ? all[(size_t)rand() % (i + 1)]
                                  : (void *)(uintptr_t)rand();
        all[i] = block;
    }
    held[5] = all;
    tenure_take_snapshot(NULL);
}

int main(int count, char **words)
{
    if (count == 3) {
        make_many((size_t)atol(words[2]));
        _exit(0);
    }
    make_list();
    make_tree();
    make_possible();
    make_lost_cycle();
    make_unaligned();
    make_grown();
    fflush(stdout);
    scrub();
    for (int i = 0; i < 3; i++)
        tenure_take_snapshot(NULL);
    _exit(0);
}

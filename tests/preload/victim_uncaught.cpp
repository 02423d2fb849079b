/*
 * An exception that nobody catches: terminate's message and SIGABRT.
 *
 * expect: signal 6
 */
#include "victim.h"

#include <stdexcept>
#include <string>

NOINLINE void fail(int depth);
void fail(int depth)
{
    std::string text(100, 'x');
    if (depth == 0)
        throw std::out_of_range("too far");
    fail(depth - 1);
}

int main()
{
    for (int i = 0; i < 1000; i++)
        free(used(malloc(200)));
    pause_ms(250);
    fail(30);
    return 0;
}

/*
 * operator new that fails: bad_alloc, a null pointer, the new handler.
 */
#include "victim.h"

#include <cstdint>
#include <new>

int main()
{
    int caught = 0;
    void *block = nullptr;
    try {
        block = ::operator new(hidden(PTRDIFF_MAX));
    } catch (const std::bad_alloc &) {
        caught++;
    }
    try {
        block = new char[hidden(SIZE_MAX / 2 + 10)];
    } catch (const std::bad_alloc &) {
        caught++;
    }
    CHECK(!::operator new(hidden(PTRDIFF_MAX), std::nothrow));
    std::set_new_handler([] {
        std::set_new_handler(nullptr);
        say("new handler\n");
    });
    CHECK(!::operator new[](hidden(PTRDIFF_MAX), std::nothrow));
    say("caught %d\n", caught);
    pause_ms(150);
    return block != nullptr;
}

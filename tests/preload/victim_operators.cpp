/*
 * Every form of C++ new and delete, which reach the agent as malloc or by
 * themselves.
 *
 * expect: verify
 * expect: live by_new 2 200
 * expect: live by_array_new 2 200
 * expect: live by_nothrow_new 4 400
 * expect: live by_aligned_new 4 512
 * expect: live freed_in_all_ways 0 0
 */
#include "victim.h"

#include <cstdint>
#include <new>

struct alignas(128) wide {
    char bytes[128];
};

struct block {
    char bytes[100];
};

static void *kept[12];

NOINLINE void *by_new();
void *by_new()
{
    return used(::operator new(100));
}

NOINLINE void *by_array_new();
void *by_array_new()
{
    return used(::operator new[](100));
}

NOINLINE void *by_nothrow_new(bool array);
void *by_nothrow_new(bool array)
{
    return used(array ? ::operator new[](100, std::nothrow)
                      : ::operator new(100, std::nothrow));
}

NOINLINE void *by_aligned_new(bool array, bool nothrow);
void *by_aligned_new(bool array, bool nothrow)
{
    const std::align_val_t alignment{128};
    if (array)
        return nothrow ? ::operator new[](128, alignment, std::nothrow)
                       : ::operator new[](128, alignment);
    return nothrow ? ::operator new(128, alignment, std::nothrow)
                   : ::operator new(128, alignment);
}

NOINLINE void freed_in_all_ways();
void freed_in_all_ways()
{
    const std::align_val_t alignment{128};
    ::operator delete(used(::operator new(100)));
    ::operator delete(used(::operator new(100)), 100ul);
    ::operator delete(used(::operator new(100)), std::nothrow);
    ::operator delete[](used(::operator new[](100)));
    ::operator delete[](used(::operator new[](100)), 100ul);
    ::operator delete(used(::operator new(128, alignment)), alignment);
    ::operator delete(used(::operator new(128, alignment)), 128, alignment);
    ::operator delete[](used(::operator new[](128, alignment)), alignment);
    ::operator delete[](used(::operator new[](128, alignment)), 128ul,
                        alignment);
    delete static_cast<block *>(used(new block));
    delete[] static_cast<block *>(used(new block[7]));
    delete static_cast<wide *>(used(new wide));
    delete[] static_cast<wide *>(used(new wide[3]));
    ::operator delete(nullptr);
}

int main()
{
    for (int i = 0; i < 2; i++) {
        kept[i] = by_new();
        kept[2 + i] = by_array_new();
        kept[4 + i] = by_nothrow_new(false);
        kept[6 + i] = by_nothrow_new(true);
        kept[8 + i] = by_aligned_new(false, i);
        kept[10 + i] = by_aligned_new(true, i);
    }
    for (int i = 8; i < 12; i++)
        CHECK(reinterpret_cast<uintptr_t>(kept[i]) % 128 == 0);
    for (int i = 0; i < 200; i++)
        freed_in_all_ways();
    pause_ms(150);
    return 0;
}

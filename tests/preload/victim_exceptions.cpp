/*
 * C++ exceptions through many frames, kept in exception_ptr, rethrown, thrown
 * from catch blocks, across libc's qsort and in threads.
 *
 * expect: verify
 * expect: live held_exception 200 any
 * expect: live thrown_and_forgotten 0 0
 */
#include "victim.h"

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::exception_ptr *held; /* never destroyed */

struct guard {
    std::string text = std::string(60, 'g');
    ~guard()
    {
        std::string copy = text + text;
        CHECK(copy.size() == 120);
    }
};

NOINLINE int deep(int depth, void (*at_bottom)());
int deep(int depth, void (*at_bottom)())
{
    guard local;
    if (depth == 0) {
        at_bottom();
        return 1;
    }
    return deep(depth - 1, at_bottom) + static_cast<int>(local.text.size());
}

NOINLINE void thrown_and_forgotten();
void thrown_and_forgotten()
{
    throw std::runtime_error("a message that is longer than the short form");
}

NOINLINE void held_exception(std::exception_ptr &slot);
void held_exception(std::exception_ptr &slot)
{
    slot = std::make_exception_ptr(std::logic_error("held for a long time"));
}

static int throwing_compare(const void *, const void *)
{
    throw 42;
}

static int nested(int depth)
{
    try {
        if (depth == 0)
            throw std::string("bottom");
        return nested(depth - 1);
    } catch (const std::string &text) {
        if (depth < 20)
            throw text + ".";
        return static_cast<int>(text.size());
    }
}

static void run(int *caught)
{
    for (int i = 0; i < 100; i++) {
        try {
            deep(60, thrown_and_forgotten);
        } catch (const std::exception &error) {
            *caught += error.what()[0] == 'a';
        }
    }
}

int main()
{
    int caught[4] = {}, sorted = 0, numbers[4] = {4, 3, 2, 1};
    std::vector<std::thread> threads;
    for (int &count : caught)
        threads.emplace_back(run, &count);
    for (std::thread &thread : threads)
        thread.join();
    held = new std::exception_ptr[100];
    for (int i = 0; i < 100; i++)
        held_exception(held[i]);
    try {
        qsort(numbers, 4, sizeof numbers[0], throwing_compare);
    } catch (int number) {
        sorted = number;
    }
    try {
        std::rethrow_exception(held[50]);
    } catch (const std::logic_error &error) {
        say("%s\n", error.what());
    }
    say("%d %d %d %d\n", caught[0], caught[3], sorted, nested(20));
    pause_ms(150);
    return 0;
}

/*
 * C++ thread_local objects whose destructors allocate, free and touch other
 * thread_local objects, while their thread goes away.
 *
 * expect: live grow_a_string 0 0
 */
#include "victim.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

static int destroyed;

struct holder {
    std::string text;
    std::unique_ptr<std::vector<int>> numbers;
    ~holder()
    {
        text += std::string(500, 'x');
        numbers = std::make_unique<std::vector<int>>(300, 1);
        __atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED);
    }
};

static thread_local holder first, second;

NOINLINE void grow_a_string(std::string &text);
void grow_a_string(std::string &text)
{
    for (int i = 0; i < 100; i++)
        text += "a line of text\n";
}

static void run()
{
    grow_a_string(first.text);
    second.numbers = std::make_unique<std::vector<int>>(10, 2);
    std::string copy = first.text + second.text;
    CHECK(copy.size() >= 1500);
}

int main()
{
    for (int round = 0; round < 5; round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; i++)
            threads.emplace_back(run);
        for (std::thread &thread : threads)
            thread.join();
    }
    say("%d destroyed\n", destroyed);
    pause_ms(150);
    return 0;
}

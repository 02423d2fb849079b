/*
 * C++ static objects: built before main, destroyed after it, local ones on
 * first use.
 *
 * expect: verify
 * expect: live keep_for_ever 3 300
 */
#include "victim.h"

#include <map>
#include <string>
#include <vector>

namespace
{
struct loud {
    std::string name;
    std::vector<int> numbers;
    explicit loud(const char *text) : name(text), numbers(1000, 7)
    {
        say("made %s\n", name.c_str());
    }
    ~loud()
    {
        numbers.resize(5000);
        say("destroyed %s %zu\n", name.c_str(), numbers.size());
    }
};

loud first("a static object with a name too long for the short form");
std::map<int, std::string> table = {{1, std::string(100, 'x')},
                                    {2, std::string(200, 'y')}};
void *kept[3];

loud &local()
{
    static loud object("a local static object, made on first use");
    return object;
}
} // namespace

NOINLINE void *keep_for_ever();
void *keep_for_ever()
{
    return used(new char[100]);
}

int main()
{
    for (void *&slot : kept)
        slot = keep_for_ever();
    for (int i = 0; i < 1000; i++)
        table[i] = std::string(64, 'z');
    CHECK(local().numbers.size() == 1000 && first.numbers[3] == 7);
    pause_ms(150);
    table.clear();
    return 0;
}

/* Lost structures with cycles and without, and how each hangs together. */
#include <list>
#include <map>
#include <memory>
#include <string>

#include "agent/include/tenure.h"

#define NOINLINE __attribute__((noinline, noclone))

static const char *const long_name =
    "a name that is too long to be kept inside";

struct owner {
    std::shared_ptr<owner> self;
    std::string name;
};

/* Each points to itself, and has a string. */
static NOINLINE void lose_owners()
{
    for (int i = 0; i < 100; i++) {
        auto one = std::make_shared<owner>();
        one->self = one;
        one->name = long_name;
    }
}

struct left_one;
struct right_one {
    left_one *other;
    char space[40];
};
struct left_one {
    right_one *other;
    char space[24];
};

/* Cycles of two sites, half of them the other way round in memory. */
static NOINLINE void *new_left()
{
    return new left_one();
}

static NOINLINE void *new_right()
{
    return new right_one();
}

static NOINLINE void lose_pairs()
{
    void *(*const make[2])() = {new_right, new_left};
    for (int i = 0; i < 100; i++) {
        void *made[2];
        for (volatile int k = 0; k < 2; k = k + 1)
            made[(i + k) % 2] = make[(i + k) % 2]();
        static_cast<right_one *>(made[0])->other =
            static_cast<left_one *>(made[1]);
        static_cast<left_one *>(made[1])->other =
            static_cast<right_one *>(made[0]);
    }
}

static NOINLINE void lose_list()
{
    auto *list = new std::list<int>;
    for (int i = 0; i < 1000; i++)
        list->push_back(i);
}

static NOINLINE void lose_map()
{
    auto *map = new std::map<int, std::string>;
    for (int i = 0; i < 1000; i++)
        (*map)[i] = long_name;
}

struct tree {
    tree *left, *right, *parent;
};

static NOINLINE tree *grow(int depth, tree *parent)
{
    tree *top = new tree{nullptr, nullptr, parent};
    if (depth > 0) {
        top->left = grow(depth - 1, top);
        top->right = grow(depth - 1, top);
    }
    return top;
}

static NOINLINE void lose_trees()
{
    for (volatile int i = 0; i < 2; i = i + 1)
        grow(6, nullptr);
}

static NOINLINE void scrub()
{
    volatile char stack[65536];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 1;
}

int main(int count, char **)
{
    if (count > 1) { /* there is a mark before what is lost at the end */
        tenure_take_snapshot(nullptr);
        lose_list();
        scrub();
        return 0;
    }
    lose_owners();
    lose_pairs();
    lose_list();
    lose_map();
    lose_trees();
    scrub();
    return 0;
}

/*
 * A std::vector of strings that is cleared each round and keeps its room.
 *
 * Grows: its capacity, by doubling, up to the busiest round so far.
 * Not to be flagged: the array that stays, and the strings that do not.
 *
 * EXPECT: steady|one-off|pool|cache|warming in collect
 */
#include "service.h"

#include <string>
#include <vector>

namespace
{

std::vector<std::string> lines;

NOINLINE void collect(const char *body)
{
    lines.emplace_back(body, 90);
}

unsigned load(unsigned round)
{
    return 250 + 50 * (round % 5);
}

void serve(const request *request)
{
    collect(request->body);
}

void end_round(unsigned)
{
    lines.resize(lines.size() / 10);
}

} // namespace

int main(int argc, char **argv)
{
    service web = {};

    web.load = load;
    web.request = serve;
    web.round = end_round;
    return service_run(argc, argv, &web);
}

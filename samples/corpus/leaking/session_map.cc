/*
 * Logins in a std::map, erased at logout only.
 *
 * Leaks: clients that vanish without a logout (7 %) keep their session in the
 * map; nothing times them out. The map is destroyed at exit like any static
 * object, which does not clear the site.
 * Not to be flagged: sessions that log out, though login() makes them too.
 *
 * EXPECT: leak in login
 * EXPECT major: leak|unbounded in login
 */
#include "service.h"

#include <map>
#include <string>

namespace
{

struct Session {
    std::string user;
    std::string token;
    unsigned since = 0;
};

std::map<unsigned, Session> sessions;

NOINLINE void login(const request &request)
{
    Session &session = sessions[request.number];

    session.user = std::string(request.body, 24);
    session.token = std::string(request.body, 48);
    session.since = request.number;
}

void logout(unsigned id)
{
    sessions.erase(id);
}

void serve(const request *request)
{
    login(*request);
    if (!service_percent(7))
        logout(request->number);
}

} // namespace

int main(int argc, char **argv)
{
    service web = {};

    web.request = serve;
    return service_run(argc, argv, &web);
}

/*
 * What the event loop was doing when a site allocated, by the functions of
 * libuv, node, redis, nginx, memcached and libevent on its stack.
 */
#include <string.h>

#include "report/stack.h"

static const struct {
    const char *function, *phase;
} phases[] = {
    {"uv__run_timers", "timers"},
    {"uv__run_pending", "pending"},
    {"uv__run_idle", "idle"},
    {"uv__run_prepare", "prepare"},
    {"uv__run_check", "check"},
    {"uv__run_closing_handles", "close"},
    {"uv__finish_close", "close"},
    {"uv__stream_io", "poll"},
    {"uv__server_io", "poll"},
    {"uv__udp_io", "poll"},
    {"uv__async_io", "poll"},
    {"uv__work_done", "work-done"},
    {"uv__io_poll", "poll"},
    {"uv__fs_work", "worker"},
    {"uv__getaddrinfo_work", "worker"},
    {"node::Environment::RunTimers", "timers"},
    {"node::Environment::CheckImmediate", "check"},
    {"node::LoadEnvironment", "start-up"},
    {"v8::internal::Heap::CollectGarbage", "gc"},
    {"readQueryFromClient", "poll"},
    {"acceptTcpHandler", "poll"},
    {"processTimeEvents", "timers"},
    {"serverCron", "timers"},
    {"beforeSleep", "prepare"},
    {"initServer", "start-up"},
    {"ngx_event_expire_timers", "timers"},
    {"ngx_event_process_posted", "poll"},
    {"ngx_epoll_process_events", "poll"},
    {"ngx_process_events_and_timers", "poll"},
    {"ngx_init_cycle", "start-up"},
    {"event_process_active", "poll"},
    {"_dl_init", "start-up"},
    {"call_init", "start-up"},
};

const char *tenure_stack_phase(const struct tenure_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        for (size_t k = 0; k < sizeof phases / sizeof *phases; k++)
            if (strcmp(stack->at[i].frame->function, phases[k].function) == 0)
                return phases[k].phase;
    return "";
}

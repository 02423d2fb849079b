/*
 * The way of a thread that waits for its socket outside of its call.
 *
 * In comes the call that a stop has interrupted; out go the arguments of a
 * ppoll(2) that stands for it. The instructions are in
 * stop_detour_ARCHITECTURE.c; they find the struct by the sixth argument,
 * which ppoll has no use for.
 */
#include "agent/stop_detour.h"

#include <string.h>

#include "agent/os.h"

void tenure__detour_enter(struct tenure__detour *detour,
                          const struct tenure__call *call, int16_t events,
                          int64_t timed_out)
{
    memcpy(detour->argument, call->argument, sizeof detour->argument);
    detour->number = (uint64_t)call->number;
    detour->call_pc = call->pc - TENURE_CALL_BYTES;
    detour->behind_pc = call->pc;
    detour->timed_out = timed_out;
    detour->socket.fd = (int)call->argument[0];
    detour->socket.events = events;
}

void tenure__detour_again(struct tenure__detour *detour, uint64_t left_ns,
                          struct tenure__call *instead)
{
    detour->span[0] = (int64_t)(left_ns / 1000000000u);
    detour->span[1] = (int64_t)(left_ns % 1000000000u);
    *instead = (struct tenure__call){
        .number = SYS_ppoll,
        .argument = {(uint64_t)&detour->socket, 1, (uint64_t)detour->span, 0, 8,
                     (uint64_t)detour},
        .pc = (uint64_t)tenure__detour_wait,
    };
}

bool tenure__detour_at(uint64_t pc)
{
    return pc >= (uint64_t)tenure__detour_begin &&
           pc < (uint64_t)tenure__detour_end;
}

void tenure__detour_call(const struct tenure__detour *detour,
                         uint64_t stack_pointer, struct tenure__call *call)
{
    *call = (struct tenure__call){
        .number = (long)detour->number,
        .stack_pointer = stack_pointer,
        .pc = detour->behind_pc,
    };
    memcpy(call->argument, detour->argument, sizeof call->argument);
}

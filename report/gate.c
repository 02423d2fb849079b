/*
 * The words that all outputs of the gate have in common.
 */
#include "report/gate.h"

#include <string.h>

#include "report/text.h"
#include "report/words.h"

bool tenure_gate_shows(const struct tenure_gate *gate, uint32_t charge)
{
    return gate->charges[charge].leader == charge;
}

uint32_t tenure_gate_count(const struct tenure_gate *gate,
                           enum tenure_charge_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < gate->charge_count; i++)
        count += gate->charges[i].state == state && tenure_gate_shows(gate, i);
    return count;
}

const char *tenure_gate_path(const struct tenure_gate *gate, const char *file)
{
    size_t bytes = strlen(gate->root);
    bool below = bytes > 0 && strncmp(file, gate->root, bytes) == 0 &&
                 file[bytes] == '/';
    return below ? file + bytes + 1 : file;
}

/* Of a library without lines, where the program calls it. */
static void say_place(const struct tenure_gate *gate,
                      const struct tenure_charge *charge,
                      struct tenure_words *words)
{
    const struct tenure_charge_frame *place = tenure_charge_place(charge);
    if (!place || place->line == 0)
        return;
    bool own = place == &charge->stack.at[charge->stack.title];
    tenure_say(words, " %s %s:%u", own ? "at" : "called at",
               tenure_gate_path(gate, place->file), place->line);
}

/* What is below the leader's lost blocks stands in a figure of its own. */
static void say_members(const struct tenure_gate *gate,
                        const struct tenure_charge *leader,
                        struct tenure_words *words)
{
    uint64_t blocks = 0, bytes = 0;
    for (uint32_t i = 0; i < gate->charge_count; i++) {
        const struct tenure_charge *charge = &gate->charges[i];
        if (charge->leader != leader->leader || charge == leader ||
            charge->above > 0)
            continue;
        blocks += charge->blocks - charge->indirect_blocks;
        blocks += charge->below_blocks;
        bytes += charge->bytes - charge->indirect_bytes;
        bytes += charge->below_bytes;
    }
    tenure_say(words, ", with %u related site%s", leader->members,
               leader->members == 1 ? "" : "s");
    if (blocks > 0) {
        tenure_say(words, " that have %s in", tenure_text_bytes(bytes).text);
        tenure_say(words, " %s block%s more", tenure_text_count(blocks).text,
                   blocks == 1 ? "" : "s");
    }
}

const char *tenure_charge_headline(const struct tenure_gate *gate,
                                   const struct tenure_charge *charge,
                                   char *text, size_t bytes)
{
    struct tenure_words words = tenure_words_in(text, bytes);
    tenure_say(&words, "%s in %s", tenure_class_name(charge->class),
               tenure_charge_title(charge));
    say_place(gate, charge, &words);
    /* What is below is said behind. */
    bool apart = charge->below_blocks > 0;
    uint64_t blocks = charge->blocks - (apart ? charge->indirect_blocks : 0);
    uint64_t sum = charge->bytes - (apart ? charge->indirect_bytes : 0);
    tenure_say(&words, ": %s", tenure_text_bytes(sum).text);
    if (charge->error_bytes >= 0.5)
        tenure_say(&words, " +- %s",
                   tenure_text_bytes((uint64_t)charge->error_bytes).text);
    tenure_say(&words, " in %s block%s", tenure_text_count(blocks).text,
               blocks == 1 ? "" : "s");
    if (apart) {
        tenure_say(&words, ", and %s in ",
                   tenure_text_bytes(charge->below_bytes).text);
        tenure_say(&words, "%s block%s below",
                   tenure_text_count(charge->below_blocks).text,
                   charge->below_blocks == 1 ? "" : "s");
    }
    if (charge->rate >= 0.5) {
        tenure_say(&words, ", ");
        tenure_say_bytes(&words, charge->rate);
        tenure_say(&words, "/s");
    }
    if (*charge->since)
        tenure_say(&words, ", since %s", charge->since);
    if (charge->members > 0)
        say_members(gate, charge, &words);
    return text;
}

const char *tenure_charge_remedy(const struct tenure_charge *charge)
{
    switch (charge->class) {
    case TENURE_CLASS_LOST:
        return "Nothing points at these blocks any more: free them where the "
               "last pointer goes.";
    case TENURE_CLASS_GROWN:
        return "The same block grows again and again: give what it holds an "
               "end.";
    case TENURE_CLASS_UNBOUNDED:
        return "One container holds them: give it a cap, or suppress it if "
               "it has one it has not met.";
    case TENURE_CLASS_SUSPECT:
        return "There is little evidence yet: take more snapshots.";
    default:
        if (charge->freed_at_end)
            return "They are freed when the program ends and not before: free "
                   "them when what they belong to ends, or accept them if it "
                   "is meant to keep them all.";
        return "They are still pointed at but never freed: free them when "
               "what they belong to ends, or take them out of what holds "
               "them.";
    }
}

const char *tenure_gate_frame(const struct tenure_gate *gate,
                              const struct tenure_charge_frame *frame,
                              uint32_t number, char *text, size_t bytes)
{
    struct tenure_words words = tenure_words_in(text, bytes);
    const char *slash = strrchr(frame->module, '/');
    const char *module = slash ? slash + 1 : frame->module;
    tenure_say(&words, "#%u ", number);
    if (*frame->function)
        tenure_say(&words, "%s", frame->function);
    else
        tenure_say(&words, "0x%llx", (unsigned long long)frame->offset);
    if (*frame->file)
        tenure_say(&words, " %s:%u", tenure_gate_path(gate, frame->file),
                   frame->line);
    if (frame->inlined)
        tenure_say(&words, " (inlined)");
    else if (*module)
        tenure_say(&words, " (%s)", module);
    return text;
}

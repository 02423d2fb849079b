/*
 * Any text as a suppression file: it is read, or refused with a reason, and
 * its rules are tried on stacks.
 */
#include <stdlib.h>
#include <string.h>

#include "report/suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The verdict's, which names are not the question here. */
const char *tenure_class_name(enum tenure_site_class class)
{
    (void)class;
    return "leak";
}

static void try_rules(struct tenure_suppressions *list)
{
    static const struct tenure_charge_frame frames[] = {
        {.function = "copy_key", .file = "a.c", .module = "/bin/server"},
        {.function = "foo::Bar::Bar", .file = "", .module = "/lib/libx.so"},
        {.function = "", .file = "", .module = "/lib/libx.so"},
        {.function = "main", .file = "a.c", .module = "/bin/server"}};
    struct tenure_charge charges[] = {
        {.class = TENURE_CLASS_LEAK,
         .bytes = 1000,
         .because = "",
         .stack = {frames, 4, 0}},
        {.class = TENURE_CLASS_LOST,
         .bytes = 1,
         .because = "",
         .stack = {frames + 1, 3, 0}},
        {.class = TENURE_CLASS_LOST, .bytes = 1, .because = ""}};
    tenure_suppressions_apply(list, charges, 3);
    for (size_t i = 0; i < 3; i++)
        if ((charges[i].state == TENURE_CHARGE_SUPPRESSED) !=
            (charges[i].rule != NULL))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct tenure_suppressions list;
    struct tenure_why why = {""};
    char *text = malloc(bytes + 1);
    if (!text)
        return 0;
    memcpy(text, data, bytes);
    text[bytes] = 0;
    tenure_suppressions_open(&list);
    if (tenure_suppressions_parse(&list, "fuzz", text, &why) < 0 &&
        !why.text[0])
        abort();
    try_rules(&list);
    tenure_suppressions_drop(&list);
    free(text);
    return 0;
}

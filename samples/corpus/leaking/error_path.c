/*
 * An upload form that is thrown away half built when its body is damaged.
 *
 * Leaks: form_parse() returns on the error path without freeing the form and
 * the field it had read: 3 % of the requests.
 * Not to be flagged: the form and the fields of a good request.
 *
 * EXPECT: leak in form_parse
 * EXPECT major: lost in form_parse
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct form {
    char *user;
    char *file;
    size_t length;
};

static void form_free(struct form *form)
{
    free(form->user);
    free(form->file);
    free(form);
}

static NOINLINE struct form *form_parse(const char *body, bool damaged)
{
    struct form *form = must(malloc(sizeof *form));

    form->user = must(strndup(body, 12));
    if (damaged)
        return NULL;
    form->file = must(strndup(body + 12, 60));
    form->length = strlen(form->file);
    return form;
}

static void upload(const struct request *request)
{
    struct form *form = form_parse(request->body, service_percent(3));

    if (form)
        form_free(form);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = upload});
}

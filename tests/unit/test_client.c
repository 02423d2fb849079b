/*
 * The control protocol from the client's side. The agent is a thread of this
 * very process, so the process that is asked is ourselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/format/address.h"
#include "report/client.h"

/* What the agent does with the next request. */
static struct {
    int listener;
    const char *answer; /* NULL = hang up without one */
    bool in_pieces;
    bool mute;         /* keep the connection and say nothing */
    char request[600]; /* what came */
    int file;          /* what came with it, or -1 */
    int kept;
} agent;

static int listen_as(int pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1,
                          "tenure/%d", pid);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                                  (size_t)length);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void receive(int fd)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {agent.request, sizeof agent.request - 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    agent.request[got > 0 ? got : 0] = 0;
    agent.file = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&agent.file, CMSG_DATA(header), sizeof agent.file);
}

static void reply(int fd)
{
    const char *at = agent.answer;
    size_t step = agent.in_pieces ? 3 : at ? strlen(at) : 0;
    while (at && *at) {
        size_t bytes = strlen(at) < step ? strlen(at) : step;
        if (send(fd, at, bytes, MSG_NOSIGNAL) < 0)
            return;
        at += bytes;
    }
}

static void *serve(void *unused)
{
    (void)unused;
    int fd;
    while ((fd = accept(agent.listener, NULL, NULL)) >= 0) {
        receive(fd);
        if (agent.mute)
            agent.kept = fd;
        reply(fd);
        if (!agent.mute)
            close(fd);
    }
    return NULL;
}

static pthread_t server;

static int start_agent(void **state)
{
    (void)state;
    agent.listener = listen_as(getpid());
    return pthread_create(&server, NULL, serve, NULL);
}

static int stop_agent(void **state)
{
    (void)state;
    shutdown(agent.listener, SHUT_RDWR);
    pthread_join(server, NULL);
    return close(agent.listener);
}

static struct tenure_reply answer;
static struct tenure_why why;

static int ask_with(const char *request, const char *says, int fd)
{
    struct tenure_peer self;
    agent.answer = says;
    why.text[0] = 0;
    assert_int_equal(tenure_peer_read(getpid(), &self), 0);
    return tenure_client_ask(&self, request, fd, 5000, &answer, &why);
}

static int ask(const char *request, const char *says)
{
    return ask_with(request, says, -1);
}

static void the_request_is_one_line_and_the_answer_has_values(void **state)
{
    (void)state;
    char path[64];
    assert_int_equal(
        ask("snap minor", "ok seq=3 bytes=120 path=/a b/c=d.tenure\n"), 0);
    assert_string_equal(agent.request, "snap minor\n");
    assert_int_equal(tenure_reply_number(&answer, "seq"), 3);
    assert_int_equal(tenure_reply_number(&answer, "bytes"), 120);
    assert_true(tenure_reply_value(&answer, "path", path, sizeof path));
    assert_string_equal(path, "/a b/c=d.tenure");
    assert_false(tenure_reply_value(&answer, "by", path, sizeof path));
    assert_int_equal(tenure_reply_number(&answer, "missing"), 0);
}

static void an_answer_may_arrive_in_pieces(void **state)
{
    (void)state;
    agent.in_pieces = true;
    assert_int_equal(ask("status", "ok state=tracking live_bytes=77\n"), 0);
    agent.in_pieces = false;
    assert_int_equal(tenure_reply_number(&answer, "live_bytes"), 77);
}

static void a_file_travels_with_the_request(void **state)
{
    (void)state;
    int fd = memfd_create("snapshot", MFD_CLOEXEC);
    char text[8] = "";
    assert_int_equal(ask_with("snap major fd", "ok path=\n", fd), 0);
    assert_true(agent.file >= 0 && agent.file != fd);
    assert_int_equal(write(agent.file, "here", 4), 4);
    assert_int_equal(pread(fd, text, sizeof text, 0), 4);
    close(agent.file);
    close(fd);
}

static void an_error_is_passed_on_with_the_process_in_front(void **state)
{
    (void)state;
    assert_int_equal(ask("snap minor", "error the disk is full\n"), -1);
    assert_non_null(strstr(why.text, "the disk is full"));
    assert_non_null(strstr(why.text, "process "));
}

static void a_hang_up_is_named(void **state)
{
    (void)state;
    assert_int_equal(ask("status", NULL), -1);
    assert_non_null(strstr(why.text, "closed the connection"));
    assert_int_equal(ask("status", "ok state=trac"), -1);
    assert_non_null(strstr(why.text, "closed the connection"));
}

static void an_unknown_or_endless_answer_is_refused(void **state)
{
    (void)state;
    static char endless[3 * TENURE_REPLY_BYTES];
    assert_int_equal(ask("status", "okay\n"), -1);
    assert_non_null(strstr(why.text, "does not know"));
    assert_int_equal(ask("status", "\n"), -1);
    memset(endless, 'x', sizeof endless - 1);
    assert_int_equal(ask("status", endless), -1);
}

static void an_agent_that_says_nothing_is_not_waited_for_long(void **state)
{
    (void)state;
    struct tenure_peer self;
    assert_int_equal(tenure_peer_read(getpid(), &self), 0);
    agent.mute = true;
    agent.answer = NULL;
    assert_int_equal(tenure_client_ask(&self, "status", -1, 50, &answer, &why),
                     -1);
    agent.mute = false;
    close(agent.kept);
    assert_non_null(strstr(why.text, "within 0.05 s"));
}

static void a_request_cannot_smuggle_a_second_line(void **state)
{
    (void)state;
    char huge[600];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    assert_int_equal(ask("mark a\nstop", "ok\n"), -1);
    assert_non_null(strstr(why.text, "line ends"));
    assert_int_equal(ask(huge, "ok\n"), -1);
    assert_non_null(strstr(why.text, "longer than"));
}

/* Runs in a child that does not listen and does not carry anything. */
static pid_t bystander(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}

static void a_process_without_an_agent_is_told_how_to_get_one(void **state)
{
    (void)state;
    struct tenure_peer peer;
    pid_t pid = bystander();
    assert_int_equal(tenure_peer_read(pid, &peer), 0);
    assert_int_equal(
        tenure_client_ask(&peer, "status", -1, 5000, &answer, &why), -1);
    assert_non_null(strstr(why.text, "does not carry the agent"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(
        tenure_client_ask(&peer, "status", -1, 5000, &answer, &why), -1);
    assert_non_null(strstr(why.text, "has ended"));
}

static void somebody_else_at_the_address_gets_nothing(void **state)
{
    (void)state;
    struct tenure_peer peer;
    pid_t pid = bystander();
    int squatter = listen_as(pid);
    assert_int_equal(tenure_peer_read(pid, &peer), 0);
    assert_int_equal(
        tenure_client_ask(&peer, "status", -1, 5000, &answer, &why), -1);
    assert_non_null(strstr(why.text, "taken by another process"));
    close(squatter);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* As in another container with the same network: its process has the number
 * of ours, and was there first. */
static pid_t start_namesake(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        listen_as(getppid());
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void a_namesake_in_another_container_is_passed_over(void **state)
{
    struct sockaddr_un second;
    stop_agent(state);
    pid_t namesake = start_namesake();
    socklen_t bytes = tenure_format_address(&second, (uint32_t)getpid(), 1);
    agent.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(agent.listener, (void *)&second, bytes), 0);
    assert_int_equal(listen(agent.listener, 4), 0);
    assert_int_equal(pthread_create(&server, NULL, serve, NULL), 0);
    assert_int_equal(ask("status", "ok state=tracking\n"), 0);
    assert_string_equal(agent.request, "status\n");
    kill(namesake, SIGKILL);
    waitpid(namesake, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_one_line_and_the_answer_has_values),
        cmocka_unit_test(an_answer_may_arrive_in_pieces),
        cmocka_unit_test(a_file_travels_with_the_request),
        cmocka_unit_test(an_error_is_passed_on_with_the_process_in_front),
        cmocka_unit_test(a_hang_up_is_named),
        cmocka_unit_test(an_unknown_or_endless_answer_is_refused),
        cmocka_unit_test(an_agent_that_says_nothing_is_not_waited_for_long),
        cmocka_unit_test(a_request_cannot_smuggle_a_second_line),
        cmocka_unit_test(a_process_without_an_agent_is_told_how_to_get_one),
        cmocka_unit_test(somebody_else_at_the_address_gets_nothing),
        cmocka_unit_test(a_namesake_in_another_container_is_passed_over),
    };
    return cmocka_run_group_tests(tests, start_agent, stop_agent);
}

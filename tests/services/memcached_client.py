"""Stores, reads and deletes values in a memcached through a unix socket, on
four connections at once, and prints the server's counts.

    python3 memcached_client.py SOCKET
"""

import socket
import sys
import threading

CONNECTIONS = 4
KEYS = 3000


def connect():
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(20)
    link.connect(sys.argv[1])
    return link, link.makefile("rb")


def ask(link, answers, text, expected):
    link.sendall(text)
    got = answers.readline()
    if got != expected:
        raise SystemExit("asked %r, got %r" % (text, got))


def work(number, errors):
    try:
        link, answers = connect()
        for i in range(KEYS):
            key = b"key-%d-%d" % (number, i)
            value = b"v" * (i % 2000)
            head = b"set %s 0 0 %d\r\n" % (key, len(value))
            ask(link, answers, head + value + b"\r\n", b"STORED\r\n")
            ask(link, answers, b"get " + key + b"\r\n",
                b"VALUE %s 0 %d\r\n" % (key, len(value)))
            if answers.readline() != value + b"\r\n":
                raise SystemExit("a wrong value")
            if answers.readline() != b"END\r\n":
                raise SystemExit("no end")
            if i % 3 == 0:
                ask(link, answers, b"delete " + key + b"\r\n", b"DELETED\r\n")
    except BaseException as error:
        errors.append(error)


def main():
    errors = []
    threads = [threading.Thread(target=work, args=(number, errors))
               for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        sys.exit(str(errors[0]))
    link, answers = connect()
    link.sendall(b"stats\r\n")
    for line in iter(answers.readline, b"END\r\n"):
        name = line.split()[1].decode()
        if name in ("curr_items", "total_items", "get_hits", "get_misses",
                    "cmd_set", "delete_hits", "threads"):
            print(line.decode().strip())


main()

"""Builds, encodes and decodes nested objects: ROUNDS times, as a service
that speaks JSON would. Run it with PYTHONMALLOC=malloc, so that every object
is a block of malloc's. Prints a digest of what it made.

    python3 objects.py ROUNDS
"""

import hashlib
import json
import sys


def make(seed):
    return {
        "id": seed,
        "name": "item %d" % seed,
        "tags": ["tag%d" % (seed * i % 50) for i in range(8)],
        "position": {"x": seed / 7, "y": seed / 11, "z": None},
        "history": [{"at": seed + i, "by": str(i)} for i in range(5)],
    }


def main():
    rounds = int(sys.argv[1])
    digest = hashlib.sha256()
    cache = {}
    for number in range(rounds):
        objects = [make(number * 20 + i) for i in range(20)]
        text = json.dumps(objects)
        back = json.loads(text)
        cache[number % 100] = back
        digest.update(text.encode())
        if back != objects:
            sys.exit("a round trip changed the objects")
    print(digest.hexdigest(), len(cache))


main()

#!/bin/sh
# Prints an SQL script for sqlite3: STATEMENTS inserts and as many lookups
# prepared one by one, then joins, sorts and updates over the result.
#
#   sh sqlite.sh STATEMENTS
set -eu
exec awk -v count="${1:?statements}" 'BEGIN {
    print "PRAGMA journal_mode=MEMORY;"
    print "CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, age INT);"
    print "CREATE TABLE visit(person INT, place TEXT, cost REAL);"
    print "CREATE INDEX visit_person ON visit(person);"
    print "BEGIN;"
    for (i = 1; i <= count; i++) {
        age = (i * 7919) % 90
        printf "INSERT INTO person VALUES(%d, \x27name %d\x27, %d);\n",
               i, (i * 31) % count, age
        printf "INSERT INTO visit SELECT id, \x27place\x27 || %d, %d.5 FROM " \
               "person WHERE id = %d;\n", i % 97, i % 13, 1 + (i * 17) % i
        if (i % 10 == 0)
            printf "SELECT name, age FROM person WHERE id IN (%d, %d, %d) " \
                   "ORDER BY age DESC, name LIMIT 2;\n", i, i - 3, i - 7
    }
    print "COMMIT;"
    print "SELECT place, count(*), sum(cost) FROM visit JOIN person ON " \
          "id = person GROUP BY place ORDER BY place LIMIT 20;"
    print "UPDATE person SET name = upper(name) || group_age FROM (SELECT " \
          "age AS a, count(*) AS group_age FROM person GROUP BY age) " \
          "WHERE a = age;"
    print "SELECT group_concat(name, \x27,\x27) FROM (SELECT name FROM " \
          "person ORDER BY name LIMIT 50);"
    print "SELECT count(*), max(length(name)) FROM person;"
}'

#!/bin/sh
# Prints a C++ file that is all templates: CLASSES variants, tuples and maps
# that instantiate each other, and most of the standard containers.
#
#   sh templates.sh CLASSES
set -eu
exec awk -v count="${1:?classes}" 'BEGIN {
    split("algorithm array deque functional map memory optional random " \
          "regex set string tuple unordered_map variant vector", names, " ")
    for (i = 1; i in names; i++)
        printf "#include <%s>\n", names[i]
    print "template <int N> struct chain : chain<N - 1> {"
    print "    std::map<int, std::array<char, N + 1>> m;"
    print "    template <class F> auto each(F f) { return f(m), N; }"
    print "};"
    print "template <> struct chain<0> {};"
    for (i = 1; i <= count; i++) {
        printf "struct s%d { int v; std::vector<std::string> w; };\n", i
        printf "using v%d = std::variant<s%d, std::tuple<int, s%d>, " \
               "std::optional<s%d>>;\n", i, i, i, i
        printf "int f%d(chain<%d> &c, const v%d &v) {\n", i, i % 80 + 1, i
        printf "    std::function<int(const s%d &)> g = [&](const s%d &s) " \
               "{ return s.v + c.each([](auto &m) { m.clear(); }); };\n", i, i
        printf "    std::unordered_map<std::string, s%d> u;\n", i
        printf "    std::set<std::tuple<int, std::string>> t{{%d, \"x\"}};\n",
               i
        printf "    return std::visit([&](auto &x) { return int(sizeof x); }" \
               ", v) + g(u[\"k\"]) + int(t.size());\n}\n"
    }
}'

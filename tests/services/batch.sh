# Programs that run to an end: sqlite3, python3 with PYTHONMALLOC=malloc and
# clang++, which also has to refuse a wrong file.
# shellcheck shell=sh disable=SC2154,SC2034 # part of service.sh

processes=4

# run_batch NAME COMMAND...: its output, errors and exit status are the facts.
run_batch() {
    name=$1
    shift
    status=0
    timeout "$patience" "$run" "$@" <"$work/input" >"$work/$name" 2>"$work/error" ||
        status=$?
    echo "$name: exit status $status"
    md5sum <"$work/$name"
    sed "s#$work##g" "$work/error"
}

exercise() {
    sh "$workloads/sqlite.sh" 30000 >"$work/input"
    run_batch sqlite3 sqlite3 :memory:
    python=$(python3 -c 'import sys; print(sys.executable)')
    export PYTHONMALLOC=malloc
    run_batch python3 "$python" "$workloads/objects.py" 1500
    sh "$workloads/templates.sh" 4 >"$work/good.cpp"
    sed 's/int(sizeof x)/int(sizeof y)/' "$work/good.cpp" >"$work/bad.cpp"
    run_batch good clang++ -std=c++17 -fsyntax-only "$work/good.cpp"
    run_batch bad clang++ -std=c++17 -fsyntax-only "$work/bad.cpp"
}

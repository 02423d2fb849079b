# Turns the lines of run.sh into tables of medians.
#
# A line: workload mode round wall user sys peak_kib throughput. Of modes that
# are compared, the ratio to their own base is taken within each round.

function base_of(mode)
{
    return mode ~ /^jeprof/ ? "jemalloc" : "none"
}

# The median of the numbers in the string `list`.
function median(list,    items, n, i, j, swap)
{
    n = split(list, items, " ")
    if (n == 0)
        return ""
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && items[j - 1] + 0 > items[j] + 0; j--) {
            swap = items[j]
            items[j] = items[j - 1]
            items[j - 1] = swap
        }
    return n % 2 ? items[(n + 1) / 2] : (items[n / 2] + items[n / 2 + 1]) / 2
}

# Numbers of kind `what`, in rounds, of a mode against its base: the ratio or,
# with minus = 1, the difference.
function compared(what, workload, mode, minus,    list, r, key, base, one)
{
    for (r = 1; r <= rounds; r++) {
        key = what SUBSEP workload SUBSEP mode SUBSEP r
        base = what SUBSEP workload SUBSEP base_of(mode) SUBSEP r
        if (!(key in value) || !(base in value) || value[base] == 0)
            continue
        one = minus ? value[key] - value[base] : value[key] / value[base]
        list = list " " one
    }
    return median(list)
}

function absolute(what, workload, mode,    list, r, key)
{
    for (r = 1; r <= rounds; r++) {
        key = what SUBSEP workload SUBSEP mode SUBSEP r
        if (key in value)
            list = list " " value[key]
    }
    return median(list)
}

function heading(title,    m)
{
    printf "\n%s\n%-15s %12s", title, "", "none"
    for (m = 1; m <= shown; m++)
        printf " %12s", show[m]
    printf "\n"
}

function cell(text, format)
{
    printf " %12s", text == "" ? "-" : sprintf(format, text)
}

# One table: `what` of each workload that matches, with the base as it is.
function table(title, what, pattern, format, minus, change,    w, m)
{
    heading(title)
    for (w = 1; w <= count; w++) {
        if (names[w] !~ pattern)
            continue
        printf "%-15s", names[w]
        cell(absolute(what, names[w], "none"), format)
        for (m = 1; m <= shown; m++)
            cell(compared(what, names[w], show[m], minus), change)
        printf "\n"
    }
}

{
    if (!($1 in seen)) {
        seen[$1] = 1
        names[++count] = $1
    }
    if ($3 > rounds)
        rounds = $3
    value["cpu", $1, $2, $3] = $5 + $6
    value["wall", $1, $2, $3] = $4
    value["peak", $1, $2, $3] = $7 / 1024
    value["rate", $1, $2, $3] = $8
}

END {
    shown = split("exact sampled dormant heaptrack jeprof jeprof-exact", show,
                  " ")
    batch = "^(sqlite3|python3|clang|blocks)"
    table("CPU, user+sys: seconds, then ratios", "cpu",
          "^(sqlite3|python3|clang|redis)", "%.2f", 0, "%.3f")
    table("Wall time: seconds, then ratios", "wall", batch, "%.2f", 0, "%.3f")
    table("Throughput: requests a second, then ratios", "rate",
          "^(redis|node)", "%.0f", 0, "%.3f")
    table("Peak resident memory: MiB, then what is added", "peak", "^[^p]|^py",
          "%.1f", 1, "%+.1f")
    table("CPU ns per malloc/free pair, DEPTH-THREADS-WAYS, then what is added",
          "rate", "^pairs", "%.1f", 1, "%+.1f")
}

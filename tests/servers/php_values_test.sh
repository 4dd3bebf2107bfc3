#!/bin/sh
# php_values_test.sh SPAMGEAR - operators, casts, comparisons, array keys and functions that only
# compute come to what PHP makes of them. Every run takes other operands as well; the seed that
# fails is printed.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"

program=$(dirname "$spamgear")/php_values
[ -x "$program" ] || give_up "$program is not there"

# compare TABLE SEED
compare() {
    timeout 120 "$cache/usr/bin/php8.2" -n "$servers_dir/php_values.php" "$1" "$2" 30000 >lines ||
        give_up "php with seed $2"
    "$program" <lines >answer 2>open
    same "$1, seed $2" "30000 lines, 0 differ" "$(head -n 20 answer)"
}

compare operations 1
compare operations "$(date +%s)"
compare functions 1
# What is left open is right, but of no use.
same "functions that tell" yes "$(awk '{ print $1 < 4000 ? "yes" : $0 }' open)"
report

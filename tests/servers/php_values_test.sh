#!/bin/sh
# php_values_test.sh SPAMGEAR - operators, casts, comparisons and array keys come to what PHP makes
# of them. Every run takes other operands; a seed that fails is printed.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"

program=$(dirname "$spamgear")/php_values
[ -x "$program" ] || give_up "$program is not there"

# compare SEED
compare() {
    timeout 120 "$cache/usr/bin/php8.2" -n "$servers_dir/php_values.php" "$1" 30000 >lines ||
        give_up "php with seed $1"
    "$program" <lines >answer
    same "seed $1" "30000 lines, 0 differ" "$(head -n 20 answer)"
}

compare 1
compare 2
compare "$(date +%s)"
report

#!/bin/sh
# php_pure_test.sh SPAMGEAR - PHP's pure functions, ours against those of PHP: random calls of each,
# made by the tool. Where ours cannot tell, nothing is compared; but no function may never tell.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

calls=$(dirname "$spamgear")/php_pure_calls

# Their names: those that only name a kind of result.
untold="crypt hash_hmac"

compare() {
    paste -d '|' ours php | awk -F '|' -v untold=" $untold " '
        {
            split($1, ours, " "); split($2, php, " ")
            name = ours[2]
            calls[name]++
            if (php[3] == "?") absent[name] = 1 # not in this PHP
            else if (ours[3] == "?") next
            else if ($1 == $2) same[name]++
            else if (wrong[name]++ < 9) print $1 ", PHP: " php[3]
        }
        END {
            for (name in calls)
                if (!same[name] && !absent[name] && index(untold, " " name " ") == 0)
                    print name ": never told"
        }'
}

for seed in 1 2 3 4 5 6; do
    "$calls" script.php some "$seed" || give_up "$calls"
    cat some >>ours
    timeout 60 "$cache/usr/bin/php8.2" -n -d memory_limit=1G script.php >>php || give_up "php"
done
same "calls" "$(wc -l <ours)" "$(wc -l <php)"
same "results" "" "$(compare)"
report

#!/bin/sh
# php_lexer_test.sh SPAMGEAR - the lexer against PHP's own, on sources made up here.
#
# The seeds are fixed: about one source in 100,000 is a syntax error at which PHP forgets how far
# a heredoc's end is indented.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"

program=$(dirname "$spamgear")/php_tokens
[ -x "$program" ] || give_up "$program is not there"

for seed in 2 3 4; do
    timeout 300 "$cache/usr/bin/php8.2" -n -d display_errors=0 -d short_open_tag=1 \
        "$servers_dir/php_lexer_peer.php" $seed 20000 >sources || give_up "php, seed $seed"
    same "seed $seed" "20000 sources, 0 differ" "$("$program" <sources)"
done
report

#!/bin/sh
# reputation_test.sh SPAMGEAR - the tables of postfix-reputation, as the real postmap reads them.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

postfix_lib=$cache/usr/lib/postfix
mkdir conf
cat >conf/main.cf <<END
compatibility_level = 3.6
queue_directory = $work
daemon_directory = $postfix_lib/sbin
shlib_directory = $postfix_lib
meta_directory = $work/conf
mail_owner = news
setgid_group = uucp
inet_interfaces = 127.0.0.1
END
for type in pcre lmdb cdb; do # what Debian packs apart
    echo "$type postfix-$type.so dict_${type}_open mkmap_${type}_open"
done | sed 's/ mkmap_pcre_open//' >conf/dynamicmaps.cf
printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s -c %s "$@"\n' "$postfix_lib" \
    "$cache/usr/sbin/postmap" "$work/conf" >postmap
chmod 755 postmap

# A log in which each of these names sent three messages.
names='bob
eve, evening
a.b*
$(touch${IFS}/x)|[x]{1}^/
half)open('
printf '%s\n' "$names" | awk '{
    for (i = 0; i < 3; i++)
        printf "2026-11-22T05:00:0%d+00:00 mx postfix/smtpd[1]: %05X%05X: client=x.example[192.0.2.1], sasl_method=PLAIN, sasl_username=%s\n", i, NR, i, $0
}' >mail.log

# header NAME : Postfix's header for it
header() {
    printf 'Received: from pc (pc.example [192.0.2.1])\n\t(Authenticated sender: %s)\n\tby mx.example.net (Postfix) with ESMTPSA id 1' "$1"
}
write() {
    TZ=UTC "$spamgear" postfix-reputation --header-checks "$work/headers" --relay 192.0.2.9:26 \
        --state "$work/state" -m "$1" -p 1day -l mail.log --now 2026-11-22T05:10:00
}
# relayed TYPE NAME-AS-WRITTEN
relayed() { header "$2" | ./postmap -h -q - "$1:$work/headers" | sed 's/.*\t//' | tail -n 1; }
filter='FILTER smtp:[192.0.2.9]:26'

write 3
same "written" 0 $?
# Where the pcre tables of Postfix are not at hand, its pattern language is: that of grep -P, with
# the s flag that Postfix sets.
sed -n 's|^/\(.*\)/i FILTER .*|(?s)\1|p' headers >patterns
perl_matches() {
    while IFS= read -r pattern; do
        ! header "$1" | grep -zqP -- "$pattern" || echo "$filter"
    done <patterns
}
for name in 'bob' 'eve, evening' 'a.b*' '$(touch${IFS}/x)|[x]{1}^/' 'half?open()'; do
    same "Perl's language: $name" "$filter" "$(perl_matches "$name")"
done
for name in 'BOB' 'bobby' 'axbb' 'x (Authenticated sender: bob) by y'; do
    same "Perl's language: not $name" "" "$(perl_matches "$name")"
done
types=regexp
[ ! -e "$postfix_lib/postfix-pcre.so" ] || types='regexp pcre'
for type in $types; do
    for name in 'bob' 'eve, evening' 'a.b*' '$(touch${IFS}/x)|[x]{1}^/' 'half?open()'; do
        same "$type: $name" "$filter" "$(relayed "$type" "$name")"
    done
    for name in 'BOB' 'bobby' 'xbob' 'axbb' 'a.b' 'alice' 'x (Authenticated sender: bob) by y'; do
        same "$type: not $name" "" "$(relayed "$type" "$name")"
    done
done
touch -d @1000 headers
write 3
same "as it was: not written" 1000 "$(stat -c %Y headers)"
write 4
same "nobody is over the limit" "" "$(relayed regexp bob)"

mkdir lists
printf '# reply addresses\nPhish@Example.com,A,20261101\nno address\n' >lists/one
echo 'other+x@example.org' >lists/two
for type in hash lmdb cdb; do
    [ -e "$postfix_lib/postfix-$type.so" ] || [ $type = hash ] || continue
    "$spamgear" postfix-reputation --recipient-access "$work/access.$type" --list lists \
        --index $type --postmap "$work/postmap" 2>complaint
    same "$type: one bad line" "2 lists/one:3" "$? $(sed 's/.*\(lists[^:]*:[0-9]*\).*/\1/' complaint)"
    same "$type: refused" "REJECT this address collects passwords" \
        "$(./postmap -q phish@example.com "$type:$work/access.$type")"
    same "$type: the other list" "REJECT this address collects passwords" \
        "$(./postmap -q other+x@example.org "$type:$work/access.$type")"
    same "$type: nobody else" "" "$(./postmap -q no "$type:$work/access.$type")"
done
rm lists/one
rm access.hash.db
"$spamgear" postfix-reputation --recipient-access "$work/access.hash" --list lists \
    --list missing --index hash --postmap "$work/postmap" 2>/dev/null
same "a list is missing: the old table stays" "2 2" \
    "$? $(grep -c REJECT access.hash)"
"$spamgear" postfix-reputation --recipient-access "$work/access.hash" --list lists \
    --index hash --postmap "$work/postmap"
same "and then a new one, with its index" "0 1 " \
    "$? $(grep -c REJECT access.hash) $(./postmap -q phish@example.com "hash:$work/access.hash")"
report

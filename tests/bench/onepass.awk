# The answer of postfix-spam-check by one pass of awk over a traditional mail log: messages and
# distinct addresses of every SASL user since `from` (text as MMDDhh:mm:ss, within one year).
#
#     mawk -v from=112117:00:00 -v least=90 -f onepass.awk mail.log
BEGIN {
    n = split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
    for (i = 1; i <= n; i++) month[names[i]] = sprintf("%02d", i)
}
/, sasl_username=/ && $5 ~ /\/smtpd\[[0-9]+\]:$/ && $6 ~ /^[0-9A-Za-z]+:$/ && $7 ~ /^client=/ {
    if (month[$1] sprintf("%02d", $2) $3 <= from) next
    client = substr($7, 8)
    address = substr(client, index(client, "[") + 1)
    sub(/\].*/, "", address)
    user = $0
    sub(/.*, sasl_username=/, "", user)
    messages[user]++
    if (!((user, address) in seen)) {
        seen[user, address] = 1
        addresses[user]++
    }
}
END {
    for (user in messages)
        if (messages[user] >= least) print messages[user], addresses[user], user
}

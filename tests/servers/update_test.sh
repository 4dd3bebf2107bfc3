#!/bin/sh
# update_test.sh SPAMGEAR - update-rules fetches from a TLS server that is good, false, or broken.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
# shellcheck disable=SC2046
set -- $(free_ports 4)
tls=$1 plain=$2 other=$3 silent=$4

# --- certificates and answers ---------------------------------------------------------

# authority NAME: a certification authority of its own
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$1.key" -out "$1.pem" 2>>openssl.out || give_up "openssl req"
    chmod 644 "$1.pem"
}

# certificate AUTHORITY NAME SUBJECT-ALT-NAME
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
        -keyout "$2.key" -out "$2.csr" 2>>openssl.out || give_up "openssl req"
    printf 'subjectAltName=%s\n' "$3" >"$2.ext"
    openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 \
        -extfile "$2.ext" -out "$2.pem" 2>>openssl.out || give_up "openssl x509"
}

# answer NAME HEAD: www/NAME becomes a whole HTTP answer with what stands on standard input
answer() {
    { printf '%b\r\n\r\n' "$2"; cat; } >"www/$1"
}

# good NAME: a right answer with what stands on standard input
good() {
    cat >body
    answer "$1" "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: $(wc -c <body)" <body
}

lines() { # COUNT
    i=0
    while [ $i -lt "$1" ]; do
        echo "inert-marker-$i-of-the-test"
        i=$((i + 1))
    done
}

redirect() { # NAME URL
    answer "$1" "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: $2" \
        </dev/null
}

write_answers() {
    mkdir www clean
    printf '<?php\necho "a page as everybody writes it";\n' >clean/page.php
    lines 10 | good list
    lines 10 | answer cut 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000'
    lines 10 | answer chunks \
        'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n100000'
    lines 10 | answer missing 'HTTP/1.1 404 Not Found\r\nConnection: close'
    lines 10 | answer partial 'HTTP/1.1 206 Partial Content\r\nConnection: close'
    answer empty 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0' </dev/null
    echo 'this is no HTTP' >www/nonsense
    truncate -s 65M zeros
    good large <zeros
    answer told-large 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99999999999' </dev/null
    redirect there "https://127.0.0.1:$tls/list"
    redirect to-http "http://127.0.0.1:$plain/200/x"
    redirect to-file "file://$work/www/list"
    redirect to-user "https://me:secret@127.0.0.1:$tls/list"
    redirect round "https://127.0.0.1:$tls/round"
}

write_signatures() {
    openssl genpkey -algorithm ed25519 -out sign.key 2>>openssl.out || give_up "genpkey"
    key=$(openssl pkey -in sign.key -pubout | sed '/---/d' | tr -d '\n')
    lines 10 >list
    openssl pkeyutl -sign -rawin -inkey sign.key -in list -out signature || give_up "pkeyutl"
    good list.sig <signature
    lines 11 | good unlike
    lines 10 | good lone
    echo none | answer lone.sig "HTTP/1.1 404 Not Found\r\nConnection: close"
    base64 -w 0 signature | good unlike.sig
    base64 -w 0 signature | good list64.sig
    good list64 <list
}

# serve PORT CERTIFICATE: files below www are whole answers
serve() {
    start "tls-$1.out" sh -c 'cd www && exec openssl s_server -quiet -HTTP -accept "$1" \
        -cert "../$2.pem" -key "../$2.key"' serve "127.0.0.1:$1" "$2"
    wait_for "openssl s_server" listens 127.0.0.1 "$1"
}

# --- asking ---------------------------------------------------------------------------

# ask URL ARGUMENT... : update-rules in a fresh folder; $status, and its answer with the paths and
# ports of this run replaced
ask() {
    url=$1
    shift
    rm -rf "$work/sets"
    timeout 100 "$spamgear" update-rules --now @1795305600 --folder "$work/sets" \
        --clean-samples "$work/clean" -s "fingerprints.txt $url" "$@" >"$work/answer" 2>&1
    status=$?
    shown=$(shown <"$work/answer")
    url=$(echo "$url" | shown)
}

shown() {
    sed -e "s|$work|WORK|g; s|127.0.0.1:$tls|TLS|g; s|127.0.0.1:$plain|PLAIN|g" \
        -e "s|localhost:$tls|NAMED|g; s|127.0.0.1:$other|OTHER|g; s|127.0.0.1:$silent|SILENT|g"
}

# refused NAME URL REASON ARGUMENT... : REASON is a pattern of the shell, since the words of
# libcurl differ between its versions; no set may be there afterwards
refused() {
    refused_name=$1 to_ask=$2 reason=$3
    shift 3
    ask "$to_ask" "$@"
    # shellcheck disable=SC2254
    case $(echo "$shown" | sed 1q) in
    "update-rules: fingerprints.txt: $url: "$reason) said=$reason ;;
    *) said=$shown ;;
    esac
    same "$refused_name" "$reason" "$said"
    same "$refused_name: the rest" "update-rules: nothing was changed: there is no set yet
status 2 " "$(echo "$shown" | sed 1d)
status $status $(ls "$work/sets/sets" 2>/dev/null)"
}

# taken NAME URL WORD ARGUMENT...
taken() {
    taken_name=$1 to_ask=$2 word=$3
    shift 3
    ask "$to_ask" "$@"
    same "$taken_name" "fingerprints.txt: 10 signatures, $word, from $url
set 1795305600-00 is in use: 1 file with 10 signatures
status 0" "$shown
status $status"
    same "$taken_name: bytes" "$(lines 10)" "$(cat "$work/sets/current/fingerprints.txt")"
}

authority right
authority wrong
certificate right server IP:127.0.0.1
write_answers
install -m 600 right.pem private.pem
write_signatures
serve "$tls" server
start http.out perl "$servers_dir/http.pl" "$plain"
wait_for "the plain server" listens 127.0.0.1 "$plain"

site=https://127.0.0.1:$tls
ca="--ca-file $work/right.pem"
# shellcheck disable=SC2086  # $ca is two words
{
    taken "https" "$site/list" unsigned $ca
    taken "a redirect to https" "$site/there" unsigned $ca
    taken "signed" "$site/list" signed $ca --key "$key"
    taken "signed, in base64" "$site/list64" signed $ca --key "$key"
    refused "a signature of something else" "$site/unlike" \
        "its signature does not hold under the key" $ca --key "$key"
    refused "no signature" "$site/lone" \
        "its signature https://TLS/lone.sig: the server answers with status 404" $ca --key "$key"
    refused "a certificate of nobody we know" "$site/list" \
        "*unable to get local issuer certificate*"
    refused "a certificate of nobody we know, --insecure" "$site/list" \
        "*unable to get local issuer certificate*" --insecure
    refused "another authority" "$site/list" \
        "*unable to get local issuer certificate*" \
        --ca-file "$work/wrong.pem"
    refused "another name" "https://localhost:$tls/list" \
        "*subject name*" $ca
    refused "cut off" "$site/cut" "*99730 bytes*" $ca
    refused "chunks cut off" "$site/chunks" "*" $ca
    refused "status 404" "$site/missing" "the server answers with status 404" $ca
    refused "status 206" "$site/partial" "the server answers with status 206" $ca
    refused "an empty body" "$site/empty" "is empty" $ca
    refused "no HTTP" "$site/nonsense" "*HTTP/0.9*" $ca
    refused "too large" "$site/large" "is larger than 67108864 bytes" $ca
    refused "said to be too large" "$site/told-large" "is larger than 67108864 bytes" $ca
    refused "redirect to http" "$site/to-http" '*rotocol "http"*' $ca
    refused "redirect to http, --insecure" "$site/to-http" \
        '*rotocol "http"*' $ca --insecure
    refused "redirect to a file" "$site/to-file" \
        '*rotocol "file"*' $ca --insecure
    refused "redirect to a user" "$site/to-user" "*" $ca
    refused "redirects without end" "$site/round" "Maximum (5) redirects followed*" $ca
    refused "nobody is there" "https://127.0.0.1:$other/list" "*onnect to 127.0.0.1*" $ca
    start silent.out perl -MIO::Socket::IP -e \
        '$s = IO::Socket::IP->new(LocalHost => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5)
             or die; sleep 100' "$silent"
    sleep 1 # it accepts nothing, so it cannot be asked whether it is there
    refused "a server that says nothing" "https://127.0.0.1:$silent/list" "*time*" $ca
    refused "no such authorities" "$site/list" "*WORK/none.pem*" --ca-file "$work/none.pem"
    refused "authorities that only root may read" "$site/list" "*WORK/private.pem*" --ca-file "$work/private.pem"
    export https_proxy="http://127.0.0.1:$other"
    refused "a proxy of the environment" "$site/list" "*onnect to 127.0.0.1*" $ca
    unset https_proxy
}
body=$(lines 10 | sed 's/$/%0a/' | tr -d '\n')
taken "http, --insecure" "http://127.0.0.1:$plain/200/$body" unsigned --insecure
refused "http" "http://127.0.0.1:$plain/200/$body" \
    "http can be changed by anybody on the way: refused without --insecure"
# shellcheck disable=SC2086
taken "http to https, --insecure" "http://127.0.0.1:$plain/302/$site/list" unsigned --insecure $ca
report

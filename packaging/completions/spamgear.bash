# bash completion of spamgear; made by `spamgear --completion bash`.
_spamgear()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local applet=${COMP_WORDS[0]##*/} options='' kind='' words=''
    local applets='account backtest case check-config check-dnsbl clamd-client emergency-mail exim-spam-check full-scan hash-tree imp-spam-check log-format php-legacy-spam-check php-sendmail2relay-spam-check php-shell-detector php-spam-check phpsendmail postfix-map postfix-reputation postfix-spam-check postlog process-check quarantine queue-depth roundcube-spam-check runav sendmail2relay sendmail2relay-spam-check store update-rules why'
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $applet == spamgear ]] && ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
        applet=${COMP_WORDS[1]}
    elif [[ $applet == spamgear && $cur != -* ]] && ((COMP_CWORD == 1)); then
        kind=applets
    fi
    case $applet in
    spamgear)
        options=' --list --json --install --force --man --completion --sample-config -h --help --version'
        case $prev in
        --install) kind=folders ;;
        --man) kind=applets ;;
        --completion) kind=words words='bash zsh' ;;
        esac
        ;;
    account)
        options=' --for --reason --dry-run --config -v --verbose --now -h --help --version'
        case $prev in
        --for) kind=none ;;
        --reason) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    backtest)
        options=' -p --period -m --limit -l --logs --journal --journal-dir --journal-file --since --until --full --overrides --by --format --all --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --limit) kind=none ;;
        -l | --logs) kind=files ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='checker messages recipients' ;;
        --format) kind=words words='text json' ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    case)
        options=' --format -a --all --only --dry-run --config -v --verbose --now -h --help --version'
        case $prev in
        --format) kind=words words='text json' ;;
        --only) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    check-config)
        options=' --config -v --verbose --now -h --help --version'
        case $prev in
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    check-dnsbl | check_dnsbl | check_dnsbl.sh)
        options=' -w --warning -c --critical --max-unanswered -t --timeout --domain --zones --zone --resolvers --format --list --config -v --verbose --now -h --help --version'
        case $prev in
        -w | --warning) kind=none ;;
        -c | --critical) kind=none ;;
        --max-unanswered) kind=none ;;
        -t | --timeout) kind=none ;;
        --zones) kind=files ;;
        --zone) kind=none ;;
        --resolvers) kind=none ;;
        --format) kind=words words='text json' ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    clamd-client)
        options=' -0 --null --print0 --exclude -x --one-file-system --newer-than --newer-by --max-size --format --details --why --exit-zero --socket --host --port --clamd-conf -j --jobs --time-limit --memory-limit --cache --no-cache --config -v --verbose --now -h --help --version'
        case $prev in
        --exclude) kind=files ;;
        --newer-than) kind=none ;;
        --newer-by) kind=words words='ctime mtime' ;;
        --max-size) kind=none ;;
        --format) kind=words words='text json' ;;
        --socket) kind=none ;;
        --host) kind=none ;;
        --port) kind=none ;;
        --clamd-conf) kind=files ;;
        -j | --jobs) kind=none ;;
        --time-limit) kind=none ;;
        --memory-limit) kind=none ;;
        --cache) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    emergency-mail)
        options=' -s --settings --config -v --verbose --now -h --help --version'
        case $prev in
        -s | --settings) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    exim-spam-check | exim-spam-scan)
        options=' -p --period -m --max-connections -d --disable-account -n --nis --dry-run -w --webmail --networks --network-prefix4 --network-prefix6 --asn-database --resolve-timeout --resolvers -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-connections) kind=none ;;
        -d | --disable-account) kind=none ;;
        -n | --nis) kind=none ;;
        -w | --webmail) kind=none ;;
        --networks) kind=words words='domain prefix asn' ;;
        --network-prefix4) kind=none ;;
        --network-prefix6) kind=none ;;
        --asn-database) kind=files ;;
        --resolve-timeout) kind=none ;;
        --resolvers) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    full-scan | php-shell-scan)
        options=' -q --quarantine --clean --dry-run -n --notify-user -c --custom-email --pattern-type --mail-domain --mail-map --sendmail -0 --null --print0 --exclude -x --one-file-system --newer-than --newer-by --max-size --format --details --why --exit-zero --signatures --without --suspicious --allow-list --clamav --clamav-db --socket --host --port --clamd-conf -j --jobs --time-limit --memory-limit --cache --no-cache --progress --config -v --verbose --now -h --help --version'
        case $prev in
        -q | --quarantine) kind=folders ;;
        -n | --notify-user) kind=none ;;
        -c | --custom-email) kind=files ;;
        --pattern-type) kind=words words='basic pcre2' ;;
        --mail-domain) kind=none ;;
        --mail-map) kind=files ;;
        --sendmail) kind=none ;;
        --exclude) kind=files ;;
        --newer-than) kind=none ;;
        --newer-by) kind=words words='ctime mtime' ;;
        --max-size) kind=none ;;
        --format) kind=words words='text json' ;;
        --signatures) kind=folders ;;
        --without) kind=none ;;
        --allow-list) kind=files ;;
        --clamav) kind=words words='auto clamd inside off' ;;
        --clamav-db) kind=folders ;;
        --socket) kind=none ;;
        --host) kind=none ;;
        --port) kind=none ;;
        --clamd-conf) kind=files ;;
        -j | --jobs) kind=none ;;
        --time-limit) kind=none ;;
        --memory-limit) kind=none ;;
        --cache) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    hash-tree)
        options=' --wordpress-checksums --php --config -v --verbose --now -h --help --version'
        case $prev in
        --wordpress-checksums) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    imp-spam-check)
        options=' -p --period -m --max-connections -d --disable-account -n --nis --dry-run -w --webmail --networks --network-prefix4 --network-prefix6 --asn-database --resolve-timeout --resolvers -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-connections) kind=none ;;
        -d | --disable-account) kind=none ;;
        -n | --nis) kind=none ;;
        -w | --webmail) kind=none ;;
        --networks) kind=words words='domain prefix asn' ;;
        --network-prefix4) kind=none ;;
        --network-prefix6) kind=none ;;
        --asn-database) kind=files ;;
        --resolve-timeout) kind=none ;;
        --resolvers) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    log-format)
        options=' --show --config -v --verbose --now -h --help --version'
        case $prev in
        --show) kind=words words='all matched missed none' ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    php-legacy-spam-check | php-spam-legacy)
        options=' -p --period -m --max-mails -0 --null -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-mails) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    php-sendmail2relay-spam-check)
        options=' -p --period -m --max-mails -0 --null -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-mails) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    php-shell-detector)
        options=' -q --quarantine -c --clean --dry-run -u --update -0 --null --print0 --exclude -x --one-file-system --newer-than --newer-by --max-size --format --details --why --exit-zero --signatures --without --suspicious --allow-list --clamav --clamav-db -j --jobs --time-limit --memory-limit --cache --no-cache --config -v --verbose --now -h --help --version'
        case $prev in
        -q | --quarantine) kind=none ;;
        --exclude) kind=files ;;
        --newer-than) kind=none ;;
        --newer-by) kind=words words='ctime mtime' ;;
        --max-size) kind=none ;;
        --format) kind=words words='text json' ;;
        --signatures) kind=folders ;;
        --without) kind=none ;;
        --allow-list) kind=files ;;
        --clamav) kind=words words='auto clamd inside off' ;;
        --clamav-db) kind=folders ;;
        -j | --jobs) kind=none ;;
        --time-limit) kind=none ;;
        --memory-limit) kind=none ;;
        --cache) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    php-spam-check | php-spam)
        options=' -p --period -m --max-daily-mails -0 --null -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-daily-mails) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    phpsendmail)
        options=' --config -v --verbose --now -h --help --version'
        case $prev in
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    postfix-map)
        options=' -w --write --folder --table -C --ini --config -v --verbose --now -h --help --version'
        case $prev in
        -w | --write) kind=folders ;;
        --folder) kind=folders ;;
        --table) kind=words words='spamgear_spam spammers' ;;
        -C | --ini) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    postfix-reputation)
        options=' --header-checks --relay --recent --state -m --max-connections -p --period -l --logs --recipient-access --list --action --index --postmap -n --dry-run --config -v --verbose --now -h --help --version'
        case $prev in
        --header-checks) kind=files ;;
        --relay) kind=none ;;
        --recent) kind=none ;;
        --state) kind=folders ;;
        -m | --max-connections) kind=none ;;
        -p | --period) kind=none ;;
        -l | --logs) kind=files ;;
        --recipient-access) kind=files ;;
        --list) kind=files ;;
        --action) kind=none ;;
        --index) kind=words words='none hash lmdb cdb' ;;
        --postmap) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    postfix-spam-check | postfix-spam-scan)
        options=' -p --period -m --max-connections -d --disable-account -n --nis --dry-run -w --webmail --networks --network-prefix4 --network-prefix6 --asn-database --resolve-timeout --resolvers -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-connections) kind=none ;;
        -d | --disable-account) kind=none ;;
        -n | --nis) kind=none ;;
        -w | --webmail) kind=none ;;
        --networks) kind=words words='domain prefix asn' ;;
        --network-prefix4) kind=none ;;
        --network-prefix6) kind=none ;;
        --asn-database) kind=files ;;
        --resolve-timeout) kind=none ;;
        --resolvers) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    postlog | postlog-sa)
        options=' -C --ini -v --verbosity --once --replay -l --logs --journal --journal-dir --journal-file --trusted-logs --own-networks -w --webmail --filter-relays --wait --threads-max --threads-age --log --level --state --socket --listen --metrics-file --metrics-interval --dry-run --check --format --config --verbose --now -h --help --version'
        case $prev in
        -C | --ini) kind=files ;;
        -v | --verbosity) kind=none ;;
        --replay) kind=files ;;
        -l | --logs) kind=files ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --own-networks) kind=none ;;
        -w | --webmail) kind=none ;;
        --filter-relays) kind=none ;;
        --wait) kind=none ;;
        --threads-max) kind=none ;;
        --threads-age) kind=none ;;
        --log) kind=files ;;
        --level) kind=none ;;
        --state) kind=folders ;;
        --socket) kind=files ;;
        --listen) kind=none ;;
        --metrics-file) kind=files ;;
        --metrics-interval) kind=none ;;
        --format) kind=words words='text json' ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    process-check)
        options=' -u --users --uid-low --uid-high -t --temporary -a --allow --format --proc --config -v --verbose --now -h --help --version'
        case $prev in
        -u | --users) kind=none ;;
        --uid-low) kind=none ;;
        --uid-high) kind=none ;;
        -t | --temporary) kind=files ;;
        -a | --allow) kind=files ;;
        --format) kind=words words='text json nagios' ;;
        --proc) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    quarantine)
        options=' --dir --format --to --older-than --config -v --verbose --now -h --help --version'
        case $prev in
        --dir) kind=folders ;;
        --format) kind=words words='text json' ;;
        --to) kind=none ;;
        --older-than) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    queue-depth)
        options=' -f --format -w --warning -c --critical -W --warning-age -C --critical-age --count-only --mail-server --postfix-config --postfix-spool --exim-spool --queue-command --timeout --config -v --verbose --now -h --help --version'
        case $prev in
        -f | --format) kind=words words='text json metrics nagios' ;;
        -w | --warning) kind=none ;;
        -c | --critical) kind=none ;;
        -W | --warning-age) kind=none ;;
        -C | --critical-age) kind=none ;;
        --mail-server) kind=words words='any postfix exim' ;;
        --postfix-config) kind=folders ;;
        --postfix-spool) kind=folders ;;
        --exim-spool) kind=folders ;;
        --queue-command) kind=none ;;
        --timeout) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    roundcube-spam-check)
        options=' -p --period -m --max-connections -d --disable-account -n --nis --dry-run -w --webmail --networks --network-prefix4 --network-prefix6 --asn-database --resolve-timeout --resolvers -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-connections) kind=none ;;
        -d | --disable-account) kind=none ;;
        -n | --nis) kind=none ;;
        -w | --webmail) kind=none ;;
        --networks) kind=words words='domain prefix asn' ;;
        --network-prefix4) kind=none ;;
        --network-prefix6) kind=none ;;
        --asn-database) kind=files ;;
        --resolve-timeout) kind=none ;;
        --resolvers) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    runav)
        options=' --fail-open --doctor --user --signatures --without --suspicious --allow-list --clamav --clamav-db --socket --host --port --clamd-conf -j --jobs --time-limit --memory-limit --config -v --verbose --now -h --help --version'
        case $prev in
        --user) kind=none ;;
        --signatures) kind=folders ;;
        --without) kind=none ;;
        --allow-list) kind=files ;;
        --clamav) kind=words words='auto clamd inside off' ;;
        --clamav-db) kind=folders ;;
        --socket) kind=none ;;
        --host) kind=none ;;
        --port) kind=none ;;
        --clamd-conf) kind=files ;;
        -j | --jobs) kind=none ;;
        --time-limit) kind=none ;;
        --memory-limit) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    sendmail2relay)
        options=' --config -v --verbose --now -h --help --version'
        case $prev in
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    sendmail2relay-spam-check)
        options=' -p --period -m --max-connections -l --logs --log-format --journal --journal-dir --journal-file --trusted-logs --since --until --full --slack --threads --overrides --by --all --top --format -o --output --exit-code --config -v --verbose --now -h --help --version'
        case $prev in
        -p | --period) kind=none ;;
        -m | --max-connections) kind=none ;;
        -l | --logs) kind=files ;;
        --log-format) kind=none ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --trusted-logs) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --slack) kind=none ;;
        --threads) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='messages recipients' ;;
        --top) kind=none ;;
        --format) kind=words words='text json metrics' ;;
        -o | --output) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    store)
        options=' --with-spammers --older-than -C --ini --config -v --verbose --now -h --help --version'
        case $prev in
        --older-than) kind=none ;;
        -C | --ini) kind=files ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    update-rules)
        options=' -s --source --key --folder --ca-file --clean-samples --insecure --remove --force --dry-run --rollback --list --config -v --verbose --now -h --help --version'
        case $prev in
        -s | --source) kind=none ;;
        --key) kind=none ;;
        --folder) kind=folders ;;
        --ca-file) kind=files ;;
        --clean-samples) kind=folders ;;
        --remove) kind=none ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    why)
        options=' --applet -p --period -m --limit -l --logs --journal --journal-dir --journal-file --since --until --full --overrides --by --format --config -v --verbose --now -h --help --version'
        case $prev in
        --applet) kind=applets ;;
        -p | --period) kind=none ;;
        -m | --limit) kind=none ;;
        -l | --logs) kind=files ;;
        --journal-dir) kind=folders ;;
        --journal-file) kind=files ;;
        --since) kind=none ;;
        --until) kind=none ;;
        --overrides) kind=files ;;
        --by) kind=words words='checker messages recipients' ;;
        --format) kind=words words='text json' ;;
        --config) kind=files ;;
        --now) kind=none ;;
        esac
        ;;
    esac
    if [[ -z $kind ]]; then
        kind=files
        if [[ $cur == -* ]]; then
            kind=words words=$options
        fi
    fi
    COMPREPLY=()
    case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
    applets) mapfile -t COMPREPLY < <(compgen -W "$applets" -- "$cur") ;;
    folders) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    files) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac
    if [[ $kind == files || $kind == folders ]]; then
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _spamgear spamgear check-dnsbl check_dnsbl check_dnsbl.sh clamd-client emergency-mail exim-spam-check exim-spam-scan full-scan php-shell-scan hash-tree imp-spam-check php-legacy-spam-check php-spam-legacy php-sendmail2relay-spam-check php-shell-detector php-spam-check php-spam phpsendmail postfix-reputation postfix-spam-check postfix-spam-scan postlog-sa process-check quarantine queue-depth roundcube-spam-check runav sendmail2relay sendmail2relay-spam-check update-rules

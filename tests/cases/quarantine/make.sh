# Read by the setup.sh of the cases: makes a quarantine in ./vault, by hand.
mkdir -p vault/cases vault/objects vault/new

# ID STATE PATH HITS CONTENT [OWNER [MORE-LINES]]; OWNER "me" is who runs the test
make_case() {
    hash=$(printf '%s' "$5" | sha256sum | cut -d ' ' -f 1)
    folder=vault/objects/$(printf '%.2s' "$hash")
    mkdir -p "$folder"
    printf '%s' "$5" >"$folder/$hash"
    owner=${6:-1000} group=1001
    [ "$owner" != me ] || owner=$(id -u) group=$(id -g)
    cat >"vault/cases/$1" <<END
spamgear-case 1
id $1
state $2
when ${when:-1795301165}
path $3
reason quarantined
hits $4
sha256 $hash
size ${#5}
owner $owner
group $group
mode 0640
links ${links:-1}
inode 254:1 77
accessed 1790000001.000000002
modified ${modified:-1790000003}.000000004
changed 1790000005.000000006
${7:+$7
}end
END
}

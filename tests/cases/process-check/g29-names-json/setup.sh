# A /proc with one process, whose names try to end a line, a field and a terminal's peace.
mkdir -p proc/1 proc/4711/fd proc/4711/ns
printf 'cpu 1 2\nbtime 1700000000\n' >proc/stat
printf 'Name:\tinit\nUid:\t0\t0\t0\t0\n' >proc/1/status
printf 'Name:\tx\nUid:\t54321\t54321\t54321\t54321\n' >proc/4711/status
printf '4711 (x) S 1) S 9 1 1 0 -1 1 1 1 1 1 1 1 1 1 1 1 1 0 500 1 1 1\n' >proc/4711/stat
printf '/usr/sbin/ht\033[2Jtpd\0-k\n4712 root [deleted] | "OK", \302\205\377\0' >proc/4711/cmdline
ln -s "$(printf '/tmp/\033]0;a|b\n/x')" proc/4711/exe
ln -s "$(printf '/home/u\n')" proc/4711/cwd

#!/bin/sh
# Each third-party header is included by exactly one .c file of the program, so that a library
# can be swapped or left out in one place. A header that is not of C, POSIX or Linux is one.
set -u
cd "$(dirname "$0")/../.." || exit 2
find core include applets -name '*.[ch]' | sort | xargs awk '
BEGIN {
    split("assert ctype dirent dlfcn elf endian err errno fcntl features float fnmatch getopt glob" \
        " grp immintrin inttypes langinfo limits link locale malloc math netdb poll pthread pwd sched" \
        " semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio" \
        " stdio_ext stdlib stdnoreturn string strings syslog termios threads time uchar unistd" \
        " wchar wctype x86intrin cpuid byteswap search regex", names, " ")
    for (i in names) system_header[names[i] ".h"] = 1
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, angle, /[<>]/)
    header = angle[2]
    if (header in system_header || header ~ /^(sys|netinet|arpa|net|linux|asm|bits)\//) next
    seen++
    if (FILENAME !~ /\.c$/) wrong(header " is included by a header")
    if (header in owner && owner[header] != FILENAME)
        wrong(header " is included by " owner[header] " too")
    owner[header] = FILENAME
}
function wrong(what) { print FILENAME ":" FNR ": " what; failed = 1 }
END {
    for (header in owner) print header ": " owner[header]
    exit failed
}'

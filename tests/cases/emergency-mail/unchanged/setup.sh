# NUL, no UTF-8, CR, no newline at the end
awk 'BEGIN { for (i = 0; i < 20000; i++) print "line " i }' >stdin
printf 'a\000b\377\r\n\n\nend' >>stdin

gzip -n mail.log
printf '\377\377\377\377' | dd of=mail.log.gz bs=1 seek=10 conv=notrunc 2>/dev/null

touch -d '2026-11-21 11:59:00' mail.log.3
touch -d '2026-11-21 17:20:00' mail.log.2
touch -d '2026-11-21 17:30:00' mail.log.1
touch -d '2026-11-21 17:45:00' mail.log
xz -q mail.log.2
zstd -q --rm mail.log.1

touch -d '2026-11-21 17:59:00' phpmail.log

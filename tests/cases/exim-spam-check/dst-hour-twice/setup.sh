touch -d '2026-10-25 01:20:00' mainlog

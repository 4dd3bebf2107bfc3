touch -d '2026-11-21 17:20:00' one.log
touch -d '2026-11-21 17:30:00' two.log

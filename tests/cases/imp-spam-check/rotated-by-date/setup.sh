touch -d '2026-11-21 17:20:00' horde.log-20261121
touch -d '2026-11-21 17:30:00' horde.log

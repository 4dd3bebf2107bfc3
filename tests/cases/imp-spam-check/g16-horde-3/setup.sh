touch -d '2026-11-21 17:10:00' horde.log

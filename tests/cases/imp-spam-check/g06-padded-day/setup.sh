touch -d '2026-11-02 17:10:00' horde.log

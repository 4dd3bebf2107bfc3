touch -d '2026-11-02 17:15:00' mail.log

chmod 600 i.ini

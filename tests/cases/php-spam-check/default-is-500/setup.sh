i=0
while [ $i -lt 500 ]; do
    echo "[21-Nov-2026 17:$(printf %02d $((i / 10))):00 UTC] mail() on [/srv/www/web1/form.php:88]: To: a@b.example -- Headers: -- Subject: x"
    [ $i -eq 0 ] || echo "[21-Nov-2026 17:$(printf %02d $((i / 10))):00 UTC] mail() on [/srv/www/web2/shop.php:9]: To: a@b.example -- Headers: -- Subject: x"
    i=$((i + 1))
done >phpmail.log

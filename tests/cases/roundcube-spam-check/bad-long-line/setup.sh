{ sed -n 1p base; head -c 300000 /dev/zero | tr '\0' x; echo; sed 1d base; } >sendmail.log
rm base

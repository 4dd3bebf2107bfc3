{ sed -n 1,4p base; printf 'Nov 21 17:22:00 mx '; head -c 3000000 /dev/zero | tr '\0' x; echo; sed '1,4d' base; } >mail.log
rm base

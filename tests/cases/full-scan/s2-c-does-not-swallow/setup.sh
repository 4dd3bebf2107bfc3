. "$DIR/../lib.sh"
finger home/a.php
echo home/a.php >stdin
printf "To: \${EMAIL}\n\n\${SHELLS}\n" >template

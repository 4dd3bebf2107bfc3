. "$DIR/../lib.sh"
mkdir user; finger 'user/$(touch pwned)`touch pwned`.php'
cat >template <<'END'
To: ${EMAIL}
Subject: ${USERNAME} $(touch pwned) `touch pwned` $100 "quotes" ${HOME}

${SHELLS}
\n stays
END
printf '#!/bin/sh\ngrep -v ^Date: >"%s/mail"\n' "$PWD" >sendmail
chmod +x sendmail

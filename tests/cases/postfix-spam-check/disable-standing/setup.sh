. "$DIR/../../disable.sh"
"$BINARY" postfix-spam-check -m 3 -d 1,1 -l mail.log --now 2026-11-21T17:45:00Z --config react.conf --trusted-logs mail.log >first

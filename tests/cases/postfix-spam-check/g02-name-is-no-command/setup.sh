. "$DIR/../../disable.sh"
sed -i "2i trust-plain-logs = yes" react.conf
sed -i 's/sasl_username=.*/sasl_username=z'"'"'"$(touch${IFS}evil)"'"'"'/' mail.log

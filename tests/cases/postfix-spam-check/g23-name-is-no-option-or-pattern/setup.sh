. "$DIR/../../disable.sh"
sed -i "2i trust-plain-logs = yes" react.conf
sed -i 's/sasl_username=bob$/sasl_username=-d/; s/sasl_username=carl$/sasl_username=b.b*/; s/sasl_username=dora$/sasl_username=root/' mail.log

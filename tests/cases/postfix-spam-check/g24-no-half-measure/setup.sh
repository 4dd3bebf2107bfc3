mkdir bin
for name in passwd usermod ssh sendmail make dig nslookup sed mail; do
    printf "#!/bin/sh\n: >%s/called-$name\n" "$PWD" >bin/$name
    chmod 755 bin/$name
done
cp mail.log g24.log
. "$DIR/../../disable.sh"
mv g24.log mail.log
sed -i "s/^methods.*/methods = command local/" react.conf

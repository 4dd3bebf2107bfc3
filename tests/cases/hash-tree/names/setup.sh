mkdir names
cd names || exit
for name in 'new
line' 'back\slash' "carriage$(printf '\r')return" ' blank ' -dash "$(printf '\377')" "$(printf '\033[31m')"; do
    echo x >"./$name"
done

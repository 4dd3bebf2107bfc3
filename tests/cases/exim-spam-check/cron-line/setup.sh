i=0
while [ $i -lt 60 ]; do
    echo "2026-11-21 17:$(printf %02d $i):00 1vMxya-00000000$(printf %03d $i)-Ab01 <= bob@here.example H=(pc$i) [192.0.2.$i]:5000 P=esmtpsa A=plain:bob S=9 for a@b.example"
    [ $i -eq 0 ] || echo "2026-11-21 17:$(printf %02d $i):30 1vMxyb-00000000$(printf %03d $i)-Ab01 <= ann@here.example H=(pc$i) [192.0.2.$i]:5000 P=esmtpsa A=plain:ann S=9 for a@b.example"
    i=$((i + 1))
done >mainlog

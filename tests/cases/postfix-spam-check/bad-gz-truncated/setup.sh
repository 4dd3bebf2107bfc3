gzip -nc a >cut.gz
gzip -nc b | head -c 16 >>cut.gz
rm a b

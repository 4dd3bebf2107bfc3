gzip -nc a >cut.gz
gzip -nc a | head -c 16 >>cut.gz
rm a

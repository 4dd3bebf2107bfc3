. "$DIR/../make.sh"
lines 10 0 >new/fingerprints.txt
mkdir -p signatures/sets other
echo precious >other/file
ln -s ../../other signatures/sets/.new-1795305600-00
ln -s ../../other signatures/sets/1795305600-00

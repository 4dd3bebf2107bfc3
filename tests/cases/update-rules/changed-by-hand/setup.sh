. "$DIR/../make.sh"
begin_set 1795300000-00
lines 10 0 | add_file fingerprints.txt 10
end_set
echo more >>signatures/sets/1795300000-00/fingerprints.txt
echo 'inert\s+marker-0-of-the-test' >new/backdoors.re

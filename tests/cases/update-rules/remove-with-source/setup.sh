. "$DIR/../make.sh"
begin_set 1795300000-00
lines 10 0 | add_file fingerprints.txt 10
end_set
lines 12 0 >new/fingerprints.txt

. "$DIR/../make.sh"
export url="file://$PWD/new/fingerprints.txt"
begin_set 1795300000-00
lines 10 0 | add_file fingerprints.txt 10
end_set
lines 10 0 >new/fingerprints.txt

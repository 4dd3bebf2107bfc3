. "$DIR/../make.sh"
begin_set 1795300100-00 1795300000-00
end_set

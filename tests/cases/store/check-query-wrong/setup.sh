. "$DIR/../lib.sh"
tables
beside "query = INSERT INTO nothing VALUES(?f)"

. "$DIR/../lib.sh"
tables
beside \
    "query = INSERT INTO spammers(client, created, spam_victims_score) VALUES(?f, ?t, ?s), (?c, ?t, ?s)"

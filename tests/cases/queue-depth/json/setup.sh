mkdir -p spool/maildrop spool/incoming spool/active spool/hold spool/corrupt spool/deferred/A spool/deferred/B
for file in active/4Zz1hb4xB0z9Xq deferred/A/4Zz1hc4xB0z9Xq deferred/B/4Zz1gb4xB0z9Xr corrupt/4Zz1hb4xB0z9Xs; do
    echo C >spool/$file
    chmod 700 spool/$file
done

mkdir -p exim/input
for id in 1vMaaa-0000000001A-0001 1vMaaa-0000000001B-0001 1vMaaa-0000000001C-0001; do
    : >"exim/input/$id-H"
    : >"exim/input/$id-D"
done

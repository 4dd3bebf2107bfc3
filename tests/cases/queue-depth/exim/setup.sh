mkdir -p exim/input/Q exim/slow/input
touch exim/input/1rkT9N-0005Zw-Hb-H exim/input/1rkT9N-0005Zw-Hb-D exim/input/Q/1rkT9M-0005Zw-Hb-H exim/slow/input/1rkT9N-0005Zw-Hc-H

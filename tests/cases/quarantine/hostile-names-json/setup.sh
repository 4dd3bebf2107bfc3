. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken '/home/u/\x0a20991231 taken\x1b[2J\xff] [OK]"' '[CUSTOM] [X]' marker

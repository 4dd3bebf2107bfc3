. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken /home/u/a '[X]' same
when=1795200000 make_case 20261120-184000-00ab12 taken /home/v/b '[X]' same
when=1795200000 make_case 20261120-184000-00ab13 taken /home/v/c '[X]' other

. "$DIR/../make.sh"
modified=9223372036854775807 make_case 20261121-224605-7f3a1c taken /home/u/a '[X]' marker

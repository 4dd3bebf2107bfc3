. "$DIR/../make.sh"
links=2 make_case 20261121-224605-7f3a1c taken /home/u/www/shell.php '[CUSTOM] [PHP.Backdoor.1]' marker 1000 'attributes-left-out 2
attribute user.note \x00\x01'

. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken /home/u/www/shell.php "[CUSTOM] [PHP.Backdoor.1]" "<?php // marker"
when=1795200000 make_case 20261120-184000-00ab12 kept /home/v/a.php "[CUSTOM] [PHP.Finger.2]" other

. "$DIR/../lib.sh"
mkdir home/KoolControls; finger home/KoolControls/a.php

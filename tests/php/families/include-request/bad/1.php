<?php exit; ?>
<?php inc~lude($_G~ET['page']);

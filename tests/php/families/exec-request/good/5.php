<?php exit; ?>
<?php
$sys~tem = $_G~ET['sys~tem'];
echo "System: " . htmlspecialchars($sys~tem);

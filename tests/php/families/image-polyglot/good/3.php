<?php exit; ?>
<svg xmlns="http://www.w3.org/2000/svg"><?= '<title>' . htmlspecialchars($title) . '</title>' ?></svg>

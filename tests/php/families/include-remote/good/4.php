<?php exit; ?>
<?php
$icon = 'data:image/png;base64,' . base64_encode(file_get_contents('icon.png'));
echo '<img src="' . $icon . '">';

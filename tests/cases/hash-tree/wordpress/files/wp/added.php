<?php // added

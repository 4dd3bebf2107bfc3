<?php
/*
Plugin Name: Opening Hours
Description: Shows when the shop is open.
Version: 1.4
Author: Somebody
License: GPLv2 or later
*/

if (!defined('ABSPATH')) {
    exit;
}

class Opening_Hours
{
    public function __construct()
    {
        add_action('admin_menu', array($this, 'menu'));
        add_action('wp_ajax_save_hours', array($this, 'save'));
        add_filter('all_plugins', array($this, 'mark'));
        add_shortcode('hours', array($this, 'show'));
        register_shutdown_function(array($this, 'flush'));
    }

    public function save()
    {
        check_ajax_referer('hours');
        if (!current_user_can('manage_options')) {
            wp_die();
        }
        $hours = array_map('sanitize_text_field', wp_unslash($_POST['hours']));
        $hours = array_filter($hours, 'strlen');
        update_option('opening_hours', $hours);
        call_user_func(array($this, 'log'), $_REQUEST['action']);
        $upload = wp_handle_upload($_FILES['picture'], array('test_form' => false));
        wp_send_json_success($upload);
    }

    public function show($atts)
    {
        extract(shortcode_atts(array('day' => 'all'), $atts));
        ob_start();
        include plugin_dir_path(__FILE__) . 'templates/hours.php';
        return ob_get_clean();
    }

    public function remote()
    {
        $response = wp_remote_get('https://api.example.com/hours.json');
        return json_decode(wp_remote_retrieve_body($response), true);
    }
}

new Opening_Hours();

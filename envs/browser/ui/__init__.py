"""The browser UI outside its pages: dialogs, pickers, menus, the tab strip, navigation."""

"""The parts of the browser outside its pages: dialogs, pickers, menus, the tab strip."""

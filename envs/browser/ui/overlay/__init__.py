"""The browser UI outside the page, drawn over the screenshot: dialogs, pickers, menus, tooltips, the tab strip."""

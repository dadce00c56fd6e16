"""Virtual X displays: Xvfb, a window manager, and the processes on them."""

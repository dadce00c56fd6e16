"""Input code shared by several environments: gestures, the driver interface and X keysyms."""

"""Input that several screens share: gestures, drivers and X keysyms."""

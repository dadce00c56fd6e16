"""A held session: one screen that outside agents operate call by call, over MCP or from a shell.

`HeldSession` is the screen with its guard, secrets, recording and limits; `ScreenTools` are the calls, in JSON.
"""

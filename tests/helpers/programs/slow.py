"""A Tk window that works after a key before it shows that it is done, and can show a film.

Keys: `m` works in the main thread, `t` in a worker thread, `c` in a child, `d` in a detached child; `v` starts and ends
the film in the upper third, `n` shows a note after 0.3 s. Run by a Python that has tkinter.
"""

import subprocess
import sys
import threading
import time
import tkinter as tk
from itertools import count

WORK_S = 1.2
FILM_PX = 240
CHILD = f"import time\nend = time.time() + {WORK_S}\nwhile time.time() < end: pass"

root = tk.Tk()
root.geometry("1280x720+0+0")
film = tk.Canvas(root, width=1280, height=FILM_PX)
film.pack()
label = tk.Label(root, font=("sans", 40))
label.pack()
number, playing = count(1), [False]


def work() -> None:
    end = time.monotonic() + WORK_S
    while time.monotonic() < end:
        pass


def done() -> None:
    label.config(text=f"done {next(number)} " * 5)


def in_thread() -> None:
    def run() -> None:
        work()
        root.after(0, done)

    threading.Thread(target=run).start()


def in_child() -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD])

    def poll() -> None:
        if child.poll() is None:
            root.after(50, poll)
        else:
            done()

    poll()


def detached() -> None:
    subprocess.run(["setsid", "-f", sys.executable, "-c", CHILD], check=True)
    root.after(round(1000 * WORK_S), done)


def play() -> None:
    if playing[0]:
        film.config(background=f"#{next(number) * 7919 % 0xFFFFFF:06x}")
        root.after(40, play)


def toggle() -> None:
    playing[0] = not playing[0]
    play()


def main_thread() -> None:
    work()
    done()


def note() -> None:
    root.after(300, done)


ACTIONS = {"m": main_thread, "t": in_thread, "c": in_child, "d": detached, "v": toggle, "n": note}
for key in ACTIONS:
    root.bind(key, lambda event: ACTIONS[event.char]())
root.mainloop()

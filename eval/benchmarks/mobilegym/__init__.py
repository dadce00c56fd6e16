"""MobileGym: tasks on a simulated phone in a browser, through a user's checkout."""

from .benchmark import MobileGym, MobileGymInstance, MobileGymTask
from .env import MobileGymEnv

__all__ = ["MobileGym", "MobileGymEnv", "MobileGymInstance", "MobileGymTask"]

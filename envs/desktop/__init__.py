"""A desktop as a screen, through mss and pyautogui."""

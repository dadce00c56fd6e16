"""The sandbox of a virtual display's programs: bubblewrap, with a system call filter."""

"""The command line: the same core without a window, for scripts, teachers and tests."""

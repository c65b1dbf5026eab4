"""The commands: thin, one file each, loaded when called."""

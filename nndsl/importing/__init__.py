"""Models of Keras brought over: configurations and scripts are read into a record, which is written as a .nn text."""

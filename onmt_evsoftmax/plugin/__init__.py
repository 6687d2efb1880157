"""What runs at the start of an interpreter, and what the plugin's keys are called. Imports no framework."""

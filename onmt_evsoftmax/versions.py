"""The versions of OpenNMT-py that the test suite runs with."""

TESTED_OPENNMT = ("3.0.4", "3.5.1")

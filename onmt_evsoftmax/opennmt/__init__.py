"""Everything that knows OpenNMT-py exists. Importing this package activates the plugin."""

from .activation import activate

activate()

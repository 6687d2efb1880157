"""The one exception that means "the input is wrong", as opposed to "the code is wrong"."""


class InputError(ValueError):
    """Bad input from the user: a file, a line, a key or an option.

    The message names the file, the line or the key, and says what to do. The command line
    prints it as one line and exits with status 2; a traceback would only hide it.
    """


class InputTypeError(InputError, TypeError):
    """Bad input of the wrong Python type, such as a number where a mask belongs. Also a `TypeError`."""

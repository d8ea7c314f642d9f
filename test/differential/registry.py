"""The list of scenarios, and the decorator that enters one with the rows of the table that it executes."""
ALL = []


def scenario(rows, when=lambda setting: True):
    def register(function):
        function.rows, function.when, function.number = rows.split(","), when, 20_000 + len(ALL)
        ALL.append((function.__name__, function))
        return function
    return register


def applies(function, setting):
    return function.when(setting)

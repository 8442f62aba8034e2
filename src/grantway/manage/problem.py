"""Why an administrator's request is not carried out."""


class ManageProblem(Exception):
    """One line for a person: names the setting or field, and what to do."""

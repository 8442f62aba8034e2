"""The command line: reads arguments and the environment, calls `manage`, prints. Decides nothing."""


def main() -> None:
    """Run the command `grantway`."""
    from grantway.cli.root import cli

    cli(prog_name="grantway")

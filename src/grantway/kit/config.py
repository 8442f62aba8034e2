"""How a server is to run: what `serve` was told, as a record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """The configuration of `grantway serve`; can be sent to worker processes.

    - `database`: database URL; `key_file`: path of the key file.
    - `base_url`: the URL that people and clients reach the server by.
    - `host`, `port`: where it listens; port 0 lets the system choose (then `base_url` is made from it when empty).
    - `workers`: processes that share the port.
    - `domain`: the server is also `login.`, `test.` and `<my-domain>.my.` of it; empty for the base URL alone.
    - `tls_cert`, `tls_key`: PEM files; empty for plain HTTP.
    - `root_issuer`: `salesforce` or `standards`: whose discovery document stands at the root.
    - `trusted_proxies`: addresses and networks whose X-Forwarded-For counts.
    - `outbound_allow`: origins that the server may ask although they are not https or not public.
    - `outbound_ca`: PEM file with authorities that it trusts there beside the system's; empty for none.
    """

    database: str
    key_file: str
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8400
    workers: int = 1
    domain: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    root_issuer: str = "salesforce"
    trusted_proxies: tuple[str, ...] = ()
    outbound_allow: tuple[str, ...] = ()
    outbound_ca: str = ""

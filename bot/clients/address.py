"""Which addresses belong to the public internet, as written in a link and as a name resolves."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

_GLOBAL_UNICAST = ip_network("2000::/3")
"""All that IANA has given out of IPv6. Outside lie loopback, mapped and compatible IPv4, NAT64
(64:ff9b::/96, 64:ff9b:1::/48), unique local, link-local, site-local and multicast."""

_REFUSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's own host, metadata and DNS, on a public number
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890), 192.0.0.192 is Oracle's metadata
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "2001::/32",  # Teredo: carries an IPv4 address
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation (RFC 9637), newer than Python 3.11's list
    )
)

_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
"""The last label starts with a letter: C libraries take 2130706433, 127.1 and 0x7f.0x1 for addresses."""


def is_public(text: str) -> bool:
    """Whether an IP address, canonically written, is one of the public internet."""
    if "%" in text:
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    refused = address.is_multicast or any(address in network for network in _REFUSED)
    return address.is_global and not refused


def is_literal(host: str) -> bool:
    """Whether a host, in lower case and without brackets, is an address rather than a name."""
    return ":" in host or host.replace(".", "").isdigit()


def may_be_public(host: str) -> bool:
    """Whether a host can be on the public internet: a public address, or a name of two labels or more."""
    return is_public(host) if is_literal(host) else _NAME.fullmatch(host) is not None

"""The part of ``doctor`` that looks at the way to a server: where its name leads to, and its certificate.

It judges as the service will: by the same rules of addresses, with the same authorities, and past any proxy.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator

from fhirpath_spine.adapters.ehr.network import Reach, is_admitted, reach_of
from fhirpath_spine.adapters.trust import Fault, certificate
from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, passed, warn
from fhirpath_spine.exchange.incoming.addresses import Address
from fhirpath_spine.service import Client

DAYS = 30
"""A certificate that ends sooner is spoken of."""
_DO = {
    Fault.EXPIRED: "Have whoever runs it renew the certificate.",
    Fault.NOT_YET: "Compare the clocks of both machines; else have the certificate issued anew.",
    Fault.SELF_SIGNED: "Have it signed by an authority. Or name the file of the certificate itself in SSL_CERT_FILE.",
    Fault.AUTHORITY: (
        "If a private authority signed it, name the authority's file in SSL_CERT_FILE. Else the server leaves out "
        "the intermediate certificate, and has to send it."
    ),
    Fault.NAME: "Write the address with the name that the certificate is for, or have it issued for this name.",
    Fault.OTHER: "Have whoever runs it look at the certificate with `openssl s_client`.",
    Fault.TLS: "Check the port; else have TLS 1.2 or 1.3 switched on there.",
}


def resolve(host: str, port: int) -> set[str]:
    """The addresses that the system's resolver gives."""
    return {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}


def check_address(
    area: str, address: Address, client: Client, resolve: Callable[[str, int], Collection[str]] = resolve
) -> Iterator[Finding]:
    """Whether the service may connect to where the name of a FHIR server leads."""
    reach = reach_of(client.servers, address)
    try:
        found = resolve(address.host, address.port)
    except OSError:
        why = "Nothing can be read from it."
        yield fail(area, "name", f"{address.host} does not resolve", why, "Check the name, and the resolver here.")
        return
    refused = [one for one in found if not is_admitted(one, reach)]
    if not refused:
        yield passed(area, "name", f"{address.host} leads to addresses that the service may connect to")
    else:
        what = f"{len(refused)} of the {len(found)} addresses of {address.host} may not be connected to"
        why = "The service refuses the server while one of them is so: a name may be turned against the inside (threat T01)."
        yield fail(area, "name", what, why, _open(refused, reach))


def _open(refused: list[str], reach: Reach) -> str:
    if all(is_admitted(one, Reach.PRIVATE) for one in refused):
        if reach is Reach.LOOPBACK:
            return "In development only this machine is read from: list the base under fhir_servers of an entry."
        return "If the server is meant to lie inside your network: private_network: true in the client's entry."
    return "Give the server an address of its own: link-local, wrapped and metadata addresses are refused always."


def check_certificate(area: str, check: str, address: Address, effect: str) -> Iterator[Finding]:
    """The certificate of an address; ``effect`` is what follows when it is not accepted. Nothing if nobody answers there."""
    if address.scheme != "https":
        if not address.is_loopback:
            what, why = "there is no TLS", "Whoever is on the way reads all of it, the token too. Only for development."
            yield warn(area, check, what, why, "Use the https address.")
        return
    found = certificate(address)
    if found.fault is Fault.UNREACHABLE:
        return
    if found.fault is not None:
        yield fail(area, check, f"the certificate of {address.origin}: {found.fault.value}", effect, _DO[found.fault])
    elif found.days < DAYS:
        what = f"the certificate of {address.origin} ends in {found.days} days"
        yield warn(area, check, what, f"From then on: {effect}", _DO[Fault.EXPIRED])
    else:
        yield passed(area, check, f"the certificate is trusted, {found.days} days are left")

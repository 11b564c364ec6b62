"""Who calls: signed tokens are verified, the keys for that are fetched and kept, and each token counts once."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    door="Door Seen Trusted",
    keysets="KEPT KeyServers Keys REFRESH RETRY from_file",
    rates="BURST Rates",
    signing="Signer public_keys wrongs",
    tokens="ALGORITHMS LEEWAY LIFETIME LONGEST Reason Terms",
)

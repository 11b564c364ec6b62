"""CDS Hooks service that judges spinal tumour pathways over FHIR R4."""

__version__ = "0.1.0"

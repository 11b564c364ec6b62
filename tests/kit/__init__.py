"""What tests of several rooms share: fake ports and builders of invented charts."""

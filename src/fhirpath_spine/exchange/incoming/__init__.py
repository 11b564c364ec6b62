"""What comes in: the request, the addresses in it, prefetch and Bundles as a chart, and the templates that ask for them."""
